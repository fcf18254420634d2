/* SPDX-License-Identifier: BSD-2-Clause */
/* The components' test bench (mock_microkit.h). The component is a shared module whose undefined
 * symbols are the functions below. */
#include "mock_microkit.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONSOLE_SIZE = 1 << 16, BLOCKS_MAX = 512, TEST_SECONDS = 30 };

struct mock mock;
char *mock_console;
char microkit_name[MICROKIT_PD_NAME_LENGTH] = "component";
seL4_Bool microkit_have_signal;

static void *blocks[BLOCKS_MAX];
static uint32_t block_count;
static struct stats_page *stats_page;
static const char *module_path;
static void *module;
static void (*component_init)(void);
static void (*component_notified)(microkit_channel);

/* ---- The Microkit API ---- */

void microkit_notify(microkit_channel channel)
{
    assert_true(channel < MICROKIT_MAX_CHANNELS);
    mock.notified[channel]++;
    if (mock.on_notify != NULL) {
        mock.on_notify(channel);
    }
}

void microkit_deferred_notify(microkit_channel channel)
{
    assert_true(channel < MICROKIT_MAX_CHANNELS);
    assert_int_equal(mock.deferred, 0); /* a second would replace the first */
    mock.deferred++;
    microkit_have_signal = true;
    mock.notified[channel]++;
}

void microkit_irq_ack(microkit_channel channel)
{
    assert_true(channel < MICROKIT_MAX_CHANNELS);
    mock.acknowledged[channel]++;
}

void microkit_deferred_irq_ack(microkit_channel channel)
{
    assert_int_equal(mock.deferred, 0);
    mock.deferred++;
    microkit_have_signal = true;
    microkit_irq_ack(channel);
}

void microkit_mr_set(seL4_Uint8 mr, seL4_Word value)
{
    assert_true(mr < sizeof(mock.words) / sizeof(mock.words[0]));
    mock.words[mr] = value;
}

seL4_Word microkit_mr_get(seL4_Uint8 mr)
{
    assert_true(mr < sizeof(mock.words) / sizeof(mock.words[0]));
    return mock.words[mr];
}

microkit_msginfo microkit_ppcall(microkit_channel channel, microkit_msginfo message)
{
    assert_non_null(mock.on_call);
    return mock.on_call(channel, message);
}

void microkit_pd_stop(microkit_child child)
{
    assert_true(child < sizeof(mock.stopped) / sizeof(mock.stopped[0]));
    mock.stopped[child]++;
}

void microkit_pd_restart(microkit_child child, seL4_Word entry_point)
{
    assert_true(child < sizeof(mock.restarted) / sizeof(mock.restarted[0]));
    mock.restarted[child]++;
    mock.entry = entry_point;
}

void microkit_dbg_puts(const char *text)
{
    size_t used = strlen(mock_console);
    (void)snprintf(mock_console + used, CONSOLE_SIZE - used, "%s", text);
}

void mock_cache_clean(uintptr_t address, size_t size_bytes)
{
    mock.cleans++;
    mock.last_clean = address;
    mock.last_clean_size = size_bytes;
    if (mock.on_cache != NULL) {
        mock.on_cache(address);
    }
}

void mock_cache_invalidate(uintptr_t address, size_t size_bytes)
{
    mock.invalidates++;
    mock.last_invalidate = address;
    mock.last_invalidate_size = size_bytes;
    if (mock.on_cache != NULL) {
        mock.on_cache(address);
    }
}

/* ---- The component ---- */

void *mock_memory(size_t size)
{
    assert_true(block_count < BLOCKS_MAX);
    void *memory = NULL;
    assert_int_equal(posix_memalign(&memory, QUEUE_LINE, size), 0);
    memset(memory, 0, size);
    blocks[block_count++] = memory;
    return memory;
}

static void *symbol(const char *name)
{
    void *found = dlsym(module, name);
    if (found == NULL) {
        fail_msg("the component has no symbol %s", name);
    }
    return found;
}

/* As cmocka does for SIGSEGV: out of the component, to the next test. */
static void too_long(int signal_number)
{
    (void)signal_number;
    fail_msg("the component did not end within %d s", TEST_SECONDS);
}

int mock_module(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "# usage: %s COMPONENT.so\n", argv[0]);
        return 2;
    }
    module_path = argv[1];
    return 0;
}

int mock_start(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = too_long, .sa_flags = SA_NODEFER};
    (void)sigaction(SIGALRM, &action, NULL);
    (void)alarm(TEST_SECONDS);
    mock = (struct mock){0};
    if (mock_console == NULL) {
        mock_console =
            mmap(NULL, CONSOLE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (mock_console == MAP_FAILED) {
            return -1;
        }
    }
    mock_console[0] = '\0';
    module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        printf("# %s\n", dlerror());
        return -1;
    }
    component_init = (void (*)(void))symbol("init");
    component_notified = (void (*)(microkit_channel))symbol("notified");
    random_start();
    return 0;
}

int mock_end(void **state)
{
    (void)state;
    int wrong = dlclose(module);
    while (block_count != 0) {
        free(blocks[--block_count]);
    }
    (void)alarm(0);
    return wrong;
}

void mock_configure(void *blob, size_t size)
{
    *(volatile uint64_t *)symbol("sddf_config") = (uintptr_t)blob;
    *(volatile uint64_t *)symbol("sddf_config_size") = size;
}

/* Whatever was deferred before is done by now: the component waited. */
static void before_entry(void)
{
    mock.deferred = 0;
    microkit_have_signal = false;
}

void mock_init(void)
{
    before_entry();
    component_init();
}

void mock_enter(microkit_channel channel)
{
    before_entry();
    component_notified(channel);
}

microkit_msginfo mock_call(microkit_channel channel, microkit_msginfo message)
{
    microkit_msginfo (*call)(microkit_channel, microkit_msginfo) =
        (microkit_msginfo(*)(microkit_channel, microkit_msginfo))symbol("protected");
    before_entry();
    return call(channel, message);
}

void mock_fault(microkit_child child, uint64_t label)
{
    seL4_Bool (*told)(microkit_child, microkit_msginfo, microkit_msginfo *) =
        (seL4_Bool(*)(microkit_child, microkit_msginfo, microkit_msginfo *))symbol("fault");
    microkit_msginfo reply = microkit_msginfo_new(0, 0);
    before_entry();
    assert_false(told(child, microkit_msginfo_new(label, 4), &reply));
}

bool mock_init_refused(const char *said)
{
    int status = 0;
    mock_console[0] = '\0';
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGALRM, SIG_DFL);
        (void)alarm(TEST_SECONDS);
        (void)signal(SIGILL, SIG_DFL); /* __builtin_trap() */
        (void)signal(SIGTRAP, SIG_DFL);
        (void)signal(SIGABRT, SIG_DFL);
        mock_init();
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        fail_msg("fork or waitpid failed");
    }
    bool trapped =
        WIFSIGNALED(status) && WTERMSIG(status) != SIGSEGV && WTERMSIG(status) != SIGALRM;
    if (!trapped || strstr(mock_console, said) == NULL) {
        printf("# status %#x, console: %s\n# expected: %s\n", (unsigned)status, mock_console, said);
        return false;
    }
    return true;
}

void mock_header(struct config_header *header, enum config_kind kind, uint32_t size)
{
    stats_page = mock_memory(sizeof(*stats_page));
    *header = (struct config_header){.magic = CONFIG_MAGIC,
                                     .kind = (uint16_t)kind,
                                     .version = NET_CONFIG_VERSION,
                                     .size = size,
                                     .instance = "component",
                                     .stats = (uintptr_t)stats_page};
}

uint64_t mock_counter(const char *name)
{
    for (uint32_t i = 0; i < stats_page->count && i < STATS_COUNTERS_MAX; i++) {
        if (strcmp(stats_page->counters[i].name, name) == 0) {
            return atomic_load64_relaxed(&stats_page->counters[i].value);
        }
    }
    fail_msg("the component has no counter %s", name);
    return 0;
}

/* ---- Peers ---- */

void peer_make(struct peer *peer, struct config_connection *config, uint32_t capacity,
               uint32_t channel)
{
    peer_make_of(peer, config, capacity, channel, sizeof(struct net_desc));
}

void peer_make_of(struct peer *peer, struct config_connection *config, uint32_t capacity,
                  uint32_t channel, size_t entry_size)
{
    *peer = (struct peer){.capacity = capacity,
                          .channel = channel,
                          .mine = mock_memory(QUEUE_SIDE_SIZE(capacity, entry_size)),
                          .component = mock_memory(QUEUE_SIDE_SIZE(capacity, entry_size))};
    *config = (struct config_connection){.mine = (uintptr_t)peer->component,
                                         .theirs = (uintptr_t)peer->mine,
                                         .put_capacity = capacity,
                                         .get_capacity = capacity,
                                         .channel = channel};
}

void peer_open(struct peer *peer)
{
    assert_true(
        connection_open(&peer->c, peer->mine, peer->component, peer->capacity, peer->capacity));
}

void peer_poll(struct peer *peer)
{
    if (connection_poll(&peer->c) == CONNECTION_RESTARTED) {
        assert_true(connection_adopt(&peer->c));
        (void)connection_poll(&peer->c);
    }
}

void peer_start(struct peer *peer)
{
    peer_open(peer);
    peer_poll(peer);
    mock_enter(peer->channel);
    peer_poll(peer);
    mock_enter(peer->channel);
    assert_true(peer->c.ready);
}

void peer_put(struct peer *peer, uint64_t address, uint16_t length)
{
    struct net_desc buffer = {.address = address, .length = length};
    assert_true(queue_space(&peer->c, 1) != 0);
    assert_int_equal(net_put(&peer->c, &buffer, 1), 1);
    queue_publish(&peer->c);
}

uint32_t peer_take(struct peer *peer, struct net_desc *buffers, uint32_t count_max)
{
    uint32_t count = queue_available(&peer->c);
    count = net_get(&peer->c, buffers, count < count_max ? count : count_max);
    queue_release(&peer->c);
    return count;
}

/* ---- Random numbers: SplitMix64 (Steele, Lea, Flood 2014) ---- */

static uint64_t random_state;

void random_start(void)
{
    static bool started;
    const char *wanted = getenv("SDDF_SEED");
    static uint64_t seed;
    if (!started) {
        seed = wanted != NULL ? strtoull(wanted, NULL, 0) : (uint64_t)time(NULL);
        printf("# SDDF_SEED=%llu\n", (unsigned long long)seed);
        (void)fflush(stdout);
        started = true;
    }
    random_state = seed;
}

uint64_t random64(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint32_t random_below(uint32_t bound)
{
    return (uint32_t)(random64() % bound);
}
