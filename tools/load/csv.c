/* SPDX-License-Identifier: BSD-2-Clause */
/* See csv.h. */
#include "csv.h"

#include <math.h>

void csv_header(FILE *file)
{
    fputs("Requested_Throughput,Receive_Throughput,Send_Throughput,Packet_Size,Minimum_RTT,"
          "Average_RTT,Maximum_RTT,Stdev_RTT,Median_RTT,CPU_utilisation\n",
          file);
}

void csv_row(FILE *file, const struct options *options, const struct result *result)
{
    const double bits = 8.0 * (double)options->size;
    const double seconds = result->duration_s > 0 ? result->duration_s : INFINITY;
    const double sent = (double)result->total.sent * bits / seconds;
    const struct histogram *rtt = &result->rtt_ns;
    fprintf(file, "%.0f,%.0f,%.0f,%zu,%.0f,%.0f,%.0f,%.2f,%.0f,",
            options->rate_pps != 0 ? (double)options->rate_pps * bits : sent,
            (double)result->arrived * bits / seconds, sent, options->size,
            (double)rtt->min / 1000.0, histogram_mean(rtt) / 1000.0, (double)rtt->max / 1000.0,
            histogram_deviation(rtt) / 1000.0, (double)histogram_percentile(rtt, 5000) / 1000.0);
    if (result->cpu_known) {
        fprintf(file, "%.2f", result->cpu_percent);
    }
    fputc('\n', file);
}
