/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial receive virtualiser between a driver, which types what the input says and puts rubbish
 * between, two hostile clients, a hostile transmit virtualiser and an honest client, to whom all
 * must come that is typed to it, in order, and nothing else. */
#include "serial_peer.h"
#include "target.h"

#include <string.h>

enum { CLIENTS = 3, HONEST = 1, CAPACITY = 64, ESCAPE = 0x1d, TYPED_MAX = 1 << 12 };

static struct serial_virt_rx_config *config;
static struct fuzz_peer driver, announce, clients[CLIENTS];

/* What the user has typed to the honest client, and what of it has come. */
static uint8_t typed[TYPED_MAX];
static uint32_t typed_length, came;
static uint32_t focus;
static bool escaped;

void target_make(void)
{
    static const char *const names[CLIENTS] = {"ann", "bob", "eve"};
    config = fuzz_memory(sizeof(*config), 0);
    fuzz_header(&config->header, CONFIG_SERIAL_VIRT_RX, sizeof(*config));
    config->header.version = SERIAL_CONFIG_VERSION;
    config->client_count = CLIENTS;
    config->escape = ESCAPE;
    peer_make(&driver, &config->driver, CAPACITY, 0);
    peer_make(&announce, &config->announce, CAPACITY, 1);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_make(&clients[i], &config->clients[i].connection, CAPACITY, 2 + i);
        strcpy(config->clients[i].name, names[i]);
    }
}

/* What the head of rx.c says of the commands, once more. */
static void expect(uint8_t byte)
{
    bool command = escaped && byte != ESCAPE;
    bool begins = !escaped && byte == ESCAPE;
    escaped = begins;
    if (command && byte >= '0' && byte < '0' + CLIENTS) {
        focus = (uint32_t)byte - '0';
    } else if (command && byte == 'n') {
        focus = (focus + 1) % CLIENTS;
    } else if (!command && !begins && focus == HONEST) {
        must(typed_length < TYPED_MAX, "the harness has typed too much");
        typed[typed_length++] = byte;
    }
}

static void take(uint8_t byte)
{
    must(came < typed_length && typed[came] == byte,
         "the honest client got what was not typed to it");
    came++;
}

/* Keys that matter are likely. */
static void type(void)
{
    static const uint8_t keys[] = {ESCAPE, '0', '1', '2', '9', 'n', '?', 'x'};
    uint8_t text[SERIAL_CHUNK_BYTES];
    uint32_t count = 1 + input_below(SERIAL_CHUNK_BYTES);
    if (queue_space(&driver.c, 1) == 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t choice = input8();
        text[i] = choice < 128 ? keys[choice % sizeof(keys)] : choice;
        expect(text[i]);
    }
    (void)peer_put_text(&driver, (const char *)text, count);
}

/* No chunk: its count is above 7. */
static void type_rubbish(void)
{
    if (queue_space(&driver.c, 1) != 0) {
        shared_write(queue_put_slot(&driver.c, sizeof(uint64_t)), input64() | 8);
        queue_publish(&driver.c);
    }
}

void target_enter(uint32_t channel)
{
    fuzz_enter(channel);
    peer_entered(&driver);
    peer_entered(&announce);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_entered(&clients[i]);
    }
    peer_take_text(&clients[HONEST], take);
    must(driver.c.violations == 0, "the component's indices lie");
    must(came == typed_length, "the honest client misses what was typed to it");
}

/* As long as the component looks, there is more that is no chunk; then the driver starts anew. */
static void flood_rubbish(void)
{
    target_enter(0);
    for (uint32_t i = 0; i < CAPACITY; i++) {
        shared_write(&driver.mine->entries[i], UINT64_C(0xff));
    }
    fuzz_flood(driver.mine, driver.component, CAPACITY);
    fuzz_enter(0);
    peer_start(&driver);
    target_enter(0);
    target_enter(0);
}

void target_step(void)
{
    uint8_t choice = input8();
    switch (choice % 8) {
    case 0:
    case 1:
        type();
        break;
    case 2:
        if (choice < 240) {
            type_rubbish();
        } else if (!escaped) {
            flood_rubbish();
        }
        break;
    case 3:
        text_move(&clients[0]);
        break;
    case 4:
        text_move(&clients[2]);
        break;
    case 5:
        text_move(&announce);
        break;
    default:
        target_enter(choice / 8 % (2 + CLIENTS));
        break;
    }
}

bool target_start(void)
{
    typed_length = came = focus = 0;
    escaped = false;
    must(fuzz_init(config, sizeof(*config)), "a good configuration is refused");
    peer_start(&driver);
    peer_start(&announce);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
    return true;
}
