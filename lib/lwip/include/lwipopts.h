/* SPDX-License-Identifier: BSD-2-Clause */
/* How lwIP is built for a client of ours: no operating system beneath, its own fixed memory, IPv4
 * with ARP, ICMP, UDP and TCP, every checksum made and checked in software. What is not said here
 * is as lwIP has it. */
#ifndef LWIP_LWIPOPTS_H
#define LWIP_LWIPOPTS_H

/* One thread, raw API only. Its timers are called by the client's tick (lwip/port.h): a component
 * need not have a clock. */
#define NO_SYS               1
#define LWIP_TIMERS          0
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_NETIF_API       0
#define LWIP_SINGLE_NETIF    1

/* Memory: one heap and pools of fixed size in .bss. Received frames lie in the client's buffers and
 * take none of it. */
#define MEM_ALIGNMENT            8
#define MEM_SIZE                 (128 * 1024)
#define MEMP_NUM_PBUF            64
#define PBUF_POOL_SIZE           16
#define MEMP_NUM_UDP_PCB         4
#define MEMP_NUM_TCP_PCB         16
#define MEMP_NUM_TCP_PCB_LISTEN  2
#define MEMP_NUM_TCP_SEG         64
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* Protocols. No fragments, in either direction, and no options, as in our own stack. */
#define LWIP_IPV4          1
#define LWIP_IPV6          0
#define LWIP_ARP           1
#define LWIP_ICMP          1
#define LWIP_UDP           1
#define LWIP_TCP           1
#define LWIP_RAW           0
#define LWIP_DNS           0
#define LWIP_DHCP          0
#define LWIP_AUTOIP        0
#define LWIP_IGMP          0
#define IP_REASSEMBLY      0
#define IP_FRAG            0
#define IP_OPTIONS_ALLOWED 0
#define IP_FORWARD         0

#define TCP_MSS            1460
#define TCP_WND            (4 * TCP_MSS)
#define TCP_SND_BUF        (4 * TCP_MSS)
#define TCP_SND_QUEUELEN   16
#define LWIP_TCP_KEEPALIVE 1
#define TCP_QUEUE_OOSEQ    0 /* would keep received buffers for whoever sends out of order */

/* Counters of 32 bits; port.c shows those of dropped packets. */
#define LWIP_STATS         1
#define LWIP_STATS_LARGE   1
#define LWIP_STATS_DISPLAY 0
#define MIB2_STATS         0

/* The fastest of its checksums in C: 32 bits at a time, unrolled. */
#define LWIP_CHKSUM_ALGORITHM 3

#endif
