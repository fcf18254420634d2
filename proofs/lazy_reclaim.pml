/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lazy transmit reclaim: the completion interrupt is off unless somebody waits for buffers.
 *
 * Question: two clients send through a virtualiser and a driver. A client without buffers arms on
 * its free queue and sleeps. Does it always get the buffers it asked for, though nobody reclaims
 * them until activated?
 *
 * Mapping to the code:
 *   Client       the client library: provide (active), take back (free), arm(k) on the free queue,
 *                notify, sleep
 *   Virtualiser  virt/net transmit: moves both ways; when a client is armed, arms on the driver's
 *                free queue and notifies
 *   Driver       drivers/net shell: reclaims and provides when activated; armed upon: interrupt on,
 *                looks again
 *   Device       completes transmissions; raises an interrupt only if enabled at that moment
 *
 * Assumptions: sequential consistency (marks.pml has the store buffers), queues are counts
 * (queue.pml has the indices), a signal is sent only when a publish crosses the mark, as `hit` in
 * queue.h says. Client 0 may keep KEEP buffers for itself (partly filled, unacknowledged). A client
 * may stop sending at any time, so each must get on without the other.
 *
 * Macros: CLIENTS 1 or 2; BUFFERS of client 0 (client 1 has one); THRESHOLD: arm(k) asks for so
 * many, at most what is owed; KEEP.
 * Variants that must fail: CLIENT_SILENT (arms without notifying), VIRT_SILENT (arms on the driver
 *         without notifying), VIRT_UNARMED (does not pass the client's wish on), NO_CLAMP (asks for
 *         more than is owed; needs KEEP=1), DRIVER_NO_SECOND_LOOK, CLIENT_NO_SECOND_LOOK,
 *         VIRT_NO_SECOND_LOOK.
 */
#ifndef BUFFERS
#define BUFFERS 2
#endif
#ifndef THRESHOLD
#define THRESHOLD 2
#endif
#ifndef KEEP
#define KEEP 0
#endif
#ifndef CLIENTS
#define CLIENTS 2
#endif
#define BUFFERS_OF(client) ((client) == 0 -> BUFFERS : 1)
#define KEPT_BY(client) ((client) == 0 -> KEEP : 0)

byte active_queue[2];	/* client to virtualiser */
byte free_queue[2];	/* virtualiser to client */
byte armed[2];		/* client's mark on its free queue: 0, or how many it waits for */
byte driver_active[2];	/* virtualiser to driver: one queue, counted by client */
byte driver_free[2];	/* driver to virtualiser: one queue, counted by client */
bool driver_armed;		/* virtualiser's mark on the driver's free queue, k = 1 */
byte in_device[2];
byte completed[2];
bool interrupt_enabled;
bool client_notified[2], virt_notified, driver_notified, interrupt;

#define CROSSES(before, after, mark) ((mark) != 0 && (before) < (mark) && (after) >= (mark))

proctype Client(byte me)
{
	byte owned = BUFFERS_OF(me);
	byte wanted;

	do
	:: atomic { owned > KEPT_BY(me) -> owned--; active_queue[me]++ };
		virt_notified = true
	:: atomic { free_queue[me] > 0 -> owned = owned + free_queue[me]; free_queue[me] = 0 }
	:: owned <= KEPT_BY(me) && free_queue[me] == 0 ->
		wanted = THRESHOLD;
#ifndef NO_CLAMP
		if
		:: wanted > BUFFERS_OF(me) - owned -> wanted = BUFFERS_OF(me) - owned
		:: else
		fi;
#endif
		armed[me] = wanted;
		if
#ifndef CLIENT_NO_SECOND_LOOK
		:: free_queue[me] >= wanted
#endif
		:: else ->
#ifndef CLIENT_SILENT
			virt_notified = true;
#endif
			atomic { client_notified[me] -> client_notified[me] = false }
		fi;
		atomic { armed[me] = 0; wanted = 0 }
	:: break
	od
}

inline virt_return(client)
{
	atomic {
		if
		:: CROSSES(free_queue[client], free_queue[client] + driver_free[client],
			   armed[client]) ->
			client_notified[client] = true
		:: else
		fi;
		free_queue[client] = free_queue[client] + driver_free[client];
		driver_free[client] = 0
	}
}

inline virt_provide(client)
{
	atomic {
		if
		:: active_queue[client] > 0 ->
			driver_active[client] = driver_active[client] + active_queue[client];
			active_queue[client] = 0;
			moved = true
		:: else
		fi
	}
}

#define WAITS(client) (armed[client] > free_queue[client])

proctype Virtualiser()
{
	bool moved;

end:	do
	:: atomic { virt_notified -> virt_notified = false };
look:	   driver_armed = false;
	   virt_return(0);
	   virt_return(1);
	   virt_provide(0);
	   virt_provide(1);
	   if
	   :: moved -> atomic { driver_notified = true; moved = false }
	   :: else
	   fi;
#ifndef VIRT_UNARMED
	   if
	   :: WAITS(0) || WAITS(1) ->
		driver_armed = true;
#ifndef VIRT_NO_SECOND_LOOK
		if
		:: driver_free[0] + driver_free[1] > 0 -> goto look
		:: else
		fi;
#endif
#ifndef VIRT_SILENT
		driver_notified = true
#endif
	   :: else
	   fi
#endif
	od
}

inline driver_move(client)
{
	atomic {
		if
		:: completed[client] > 0 ->
			if
			:: driver_armed && driver_free[0] + driver_free[1] == 0 ->
				virt_notified = true
			:: else
			fi;
			driver_free[client] = driver_free[client] + completed[client];
			completed[client] = 0
		:: else
		fi
	};
	atomic {
		in_device[client] = in_device[client] + driver_active[client];
		driver_active[client] = 0
	}
}

proctype Driver()
{
end:	do
	:: atomic { driver_notified || interrupt -> driver_notified = false; interrupt = false };
look:	   driver_move(0);
	   driver_move(1);
	   if
	   :: driver_armed ->
		interrupt_enabled = true;
#ifndef DRIVER_NO_SECOND_LOOK
		if
		:: completed[0] + completed[1] > 0 -> goto look
		:: else
		fi
#endif
	   :: !driver_armed -> interrupt_enabled = false
	   fi
	od
}

inline complete(client)
{
	atomic { in_device[client] > 0 ->
		in_device[client]--;
		completed[client]++;
		if
		:: interrupt_enabled -> interrupt = true
		:: else
		fi
	}
}

proctype Device()
{
end:	do
	:: complete(0)
	:: complete(1)
	od
}

init {
	atomic {
		run Client(0);
#if CLIENTS > 1
		run Client(1);
#endif
		run Virtualiser();
		run Driver();
		run Device()
	}
}
