# SPDX-License-Identifier: BSD-2-Clause
"""What proofs/wp/run proves, what has no proof there, and which checks it takes out."""

# By unit, which NAME.c puts together: the sources that are annotated (or changed by a mutant), the
# functions whose contracts are proved, themselves and what they call, and what else Frama-C is told.
UNITS = {
    "transport": {
        "sources": ["include/sddf/queue.h", "include/sddf/net.h"],
        "functions": """
            queue_capacity_valid queue_close connection_reset connection_poll connection_adopt
            queue_space_look queue_space queue_put queue_put_slot queue_publish queue_signal
            queue_peer_waits queue_doubt queue_available queue_get queue_get_slot queue_left
            queue_release queue_arm queue_arm_space queue_signal_space
            net_put_one net_get_one net_available net_buffer_at net_buffer_offset net_buffers_open
            net_frame_fits net_frame_destination net_frame_source
            signal_now signal_peer signal_end peer_adopt peer_check stats_add stats_set
            cache_clean cache_invalidate""".split(),
    },
    "stream": {
        "sources": ["include/sddf/queue.h", "include/sddf/serial.h"],
        "functions": """
            queue_put_slot queue_get_slot
            serial_put_chunk serial_chunks serial_put serial_get_chunk""".split(),
    },
    "rx": {
        "provers": "cvc4,z3",
        "sources": ["virt/net/rx.c", "virt/net/destinations.h", "virt/net/virt.h"],
        "functions": """
            drop_holder misbehaves driver_misbehaves drop_for offer reclaim
            drop_length invalidate destinations_hash destinations_entry destinations_search
            destinations_find""".split(),
    },
    "tx": {
        "sources": ["virt/net/tx.c", "virt/net/bucket.h", "virt/net/timeout.h",
                    "virt/net/driver_wake.h", "virt/net/virt.h"],
        "functions": """
            flight_test flight_flip misbehaves driver_misbehaves judge give_back refuse clean
            lies_with client_search client_of take_back""".split(),
    },
    "copier": {
        "sources": ["virt/net/copier.c"],
        "functions": "client_buffer copy may_wait notified".split(),
    },
    "client": {
        "sources": ["lib/net/client.c", "lib/net/client_answer.h"],
        "functions": """
            take_back buffer_of lies_in_rx_data net_client_take net_client_release net_client_send is_low
            wait_for_returns""".split(),
    },
    "serial_tx": {
        "provers": "cvc4,z3",
        "flags": ["-wp-literals"],
        "sources": ["virt/serial/tx.c"],
        "functions": """
            out_byte out_text out_newline out_colour out_name out_of_client show flush take_bytes
            send""".split(),
    },
    "serial_rx": {
        "provers": "cvc4,z3",
        "sources": ["virt/serial/rx.c"],
        "functions": """
            driver_misbehaves put_run publish_run to_client switch_to""".split(),
    },
    "serial_client": {
        "provers": "cvc4,z3",
        "sources": ["lib/serial/client.c"],
        "functions": """
            is_there serial_client_ready serial_client_room serial_client_may_wait""".split(),
    },
}

# Goals without a proof over integers, by unit and beginning of their names; bits.smt2 has them.
UNPROVED = [
    ("transport", "queue_close_ensures"),
    ("transport", "queue_space_look_ensures"),
    ("transport", "queue_put_call_shared_copy_in_requires_2"),
    ("transport", "queue_put_slot_ensures"),
    ("transport", "queue_get_call_shared_copy_out_requires_2"),
    ("transport", "queue_get_slot_ensures"),
    ("stream", "queue_put_slot_ensures"),
    ("stream", "queue_get_slot_ensures"),
    ("transport", "net_buffer_at_ensures"),
    ("transport", "net_buffer_offset_ensures"),
    ("transport", "net_buffers_open_ensures"),
]

# (unit, function, source, text, what takes its place): a check that is gone must cost a goal.
MUTANTS = [
    ("rx", "offer", "virt/net/rx.c",
     "client->held >= client->held_max || queue_space(&client->connection, 1) == 0",
     "client->held >= client->held_max"),
    ("tx", "judge", "virt/net/tx.c",
     "    if (!net_frame_fits(&client->buffers, frame.length)) {\n"
     "        return DROP_BAD_LENGTH;\n    }\n", ""),
    ("tx", "judge", "virt/net/tx.c",
     "if (!net_buffer_at(&client->buffers, frame.address, buffer)) {",
     "if (!net_buffer_at(&client->buffers, frame.address, buffer) && false) {"),
    ("tx", "take_back", "virt/net/tx.c",
     "!net_buffer_at(&client->buffers, offset, &buffer) || !flight_test",
     "!flight_test"),
    ("tx", "take_back", "virt/net/tx.c",
     "    if (client == NULL) {\n        return false;\n    }\n    uint64_t offset",
     "    uint64_t offset"),
    ("tx", "give_back", "virt/net/tx.c",
     "if (queue_space(&client->connection, 1) != 0) {", "{"),
    ("copier", "copy", "virt/net/copier.c",
     "!net_frame_fits(&virt_buffers, frame.length) ||\n        ", ""),
    ("copier", "copy", "virt/net/copier.c",
     " ||\n        !net_buffer_at(&virt_buffers, frame.address, &number)", ""),
    ("copier", "copy", "virt/net/copier.c",
     "queue_space(&client, 1) == 0 || ", ""),
    ("copier", "client_buffer", "virt/net/copier.c",
     "if (net_buffer_at(&client_buffers, *offset, &number)) {", "{"),
    ("client", "net_client_send", "lib/net/client.c",
     "if (!buffer_of(net, frame->address, NET_HELD_CLIENT, &buffer)) {",
     "if (!buffer_of(net, frame->address, NET_HELD_CLIENT, &buffer) && false) {"),
    ("client", "net_client_take", "lib/net/client_answer.h",
     "!net_buffer_at(&net->buffers, offset, buffer) ||\n"
     "                             net->holder", "net->holder"),
    ("client", "net_client_take", "lib/net/client_answer.h",
     " ||\n                             net->holder[*buffer] != NET_HELD_COPIER", ""),
    ("client", "lies_in_rx_data", "lib/net/client.c",
     " && data->size - frame->address >= frame->length", ""),
    ("transport", "queue_available", "include/sddf/queue.h",
     "!same_epoch || tail - head > capacity, 0", "!same_epoch, 0"),
    ("transport", "queue_put", "include/sddf/queue.h",
     "    count = count < space ? count : space;\n", ""),
    ("transport", "queue_arm_space", "include/sddf/queue.h",
     "return queue_space_look(c) < k;", "return queue_space_look(c) + 1 < k;"),
    ("transport", "queue_signal_space", "include/sddf/queue.h",
     "    c->head_checked = head;\n", ""),
    ("stream", "serial_put", "include/sddf/serial.h",
     "done < count && queue_space(c, 1) != 0", "done < count"),
    ("stream", "serial_put", "include/sddf/serial.h",
     "left < SERIAL_CHUNK_BYTES ? left : SERIAL_CHUNK_BYTES", "left"),
    ("stream", "serial_get_chunk", "include/sddf/serial.h",
     "return chunk->count <= SERIAL_CHUNK_BYTES;", "return true;"),
    ("serial_tx", "take_bytes", "virt/serial/tx.c",
     "client->length == SERIAL_LINE_MAX", "client->length == SERIAL_LINE_MAX + 1"),
    ("serial_tx", "take_bytes", "virt/serial/tx.c",
     "client->length -= client->length != 0 &&", "client->length -="),
    ("serial_tx", "show", "virt/serial/tx.c",
     "    out_length = out_sent = 0;\n", "    out_sent = 0;\n"),
    ("serial_rx", "to_client", "virt/serial/rx.c",
     "    if (run_length == SERIAL_BURST) {\n        put_run();\n    }\n", ""),
]
