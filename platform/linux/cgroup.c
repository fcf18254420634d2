/* SPDX-License-Identifier: BSD-2-Clause */
/* See cgroup.h. Run by the runner and its watcher, which trust the kernel's files and nothing in a
 * group's name but what it proves. */
#include "cgroup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUDGET_MIN_US = 1000,
    PERIOD_MAX_US = 1000000,
    LINE_SIZE = 4096,
    SHARES_OF_NICE_0 = 1024, /* and 1.25 times as many for each step: sched_prio_to_weight */
    SHARES_MIN = 2,
    PATH_SIZE = CGROUP_PATH_MAX + 256,
};

/* Names begin so where a runner has made the runner's own group hand on the CPU controller. The
 * last of them to end takes that back. */
#define ENABLED "sddf+cpu"

static bool fail(struct cgroups *cgroups, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct cgroups *cgroups, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(cgroups->why, sizeof(cgroups->why), format, arguments);
    va_end(arguments);
    return false;
}

struct cgroup_quota cgroup_quota_of(uint64_t budget_us, uint64_t period_us)
{
    unsigned __int128 budget = budget_us;
    unsigned __int128 period = period_us;
    struct cgroup_quota quota = {0};
    if (period > PERIOD_MAX_US) {
        budget = budget * PERIOD_MAX_US / period;
        period = PERIOD_MAX_US;
    }
    if (budget < BUDGET_MIN_US) {
        period = (unsigned __int128)period_us * BUDGET_MIN_US / budget_us +
                 ((unsigned __int128)period_us * BUDGET_MIN_US % budget_us != 0);
        budget = BUDGET_MIN_US;
        quota.more = period > PERIOD_MAX_US;
        period = quota.more ? PERIOD_MAX_US : period;
    }
    quota.budget = (uint64_t)budget;
    quota.period = (uint64_t)period;
    return quota;
}

/* Whether a comma- or space-separated list has the word "cpu". */
static bool lists_cpu(const char *list)
{
    static const char separators[] = ", \n";
    for (const char *word = list + strspn(list, separators); *word != '\0';) {
        size_t length = strcspn(word, separators);
        if (length == 3 && strncmp(word, "cpu", 3) == 0) {
            return true;
        }
        word += length;
        word += strspn(word, separators);
    }
    return false;
}

static bool read_file(const char *directory, const char *name, char *text, size_t size)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (fd >= 0) {
        (void)close(fd);
    }
    text[got > 0 ? got : 0] = '\0';
    return got >= 0;
}

static bool write_file(const char *directory, const char *name, const char *text)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    size_t length = strlen(text);
    ssize_t wrote = fd >= 0 ? write(fd, text, length) : -1;
    int error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    errno = error;
    return wrote == (ssize_t)length;
}

/* Where the hierarchy of that version is mounted. */
static bool find_mount(struct cgroups *cgroups, const char *mounts, int version)
{
    FILE *file = setmntent(mounts, "re");
    struct mntent *entry;
    bool found = false;
    while (file != NULL && !found && (entry = getmntent(file)) != NULL) {
        found = version == 1 ? strcmp(entry->mnt_type, "cgroup") == 0 && lists_cpu(entry->mnt_opts)
                             : strcmp(entry->mnt_type, "cgroup2") == 0;
        found = found && strlen(entry->mnt_dir) < CGROUP_PATH_MAX / 2;
        if (found) {
            (void)snprintf(cgroups->directory, sizeof(cgroups->directory), "%s", entry->mnt_dir);
        }
    }
    if (file != NULL) {
        (void)endmntent(file);
    }
    return found;
}

/* Appends this process's own group to where the hierarchy is mounted. Lines: "4:cpu,cpuacct:/path"
 * for version 1, "0::/path" for version 2. */
static void find_own(struct cgroups *cgroups, const char *own, int version)
{
    char line[LINE_SIZE];
    char directory[LINE_SIZE + CGROUP_PATH_MAX];
    FILE *file = fopen(own, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *names = strchr(line, ':');
        char *path = names != NULL ? strchr(names + 1, ':') : NULL;
        if (path == NULL) {
            continue;
        }
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (version == 1 ? !lists_cpu(names + 1) : names[1] != '\0') {
            continue;
        }
        (void)snprintf(directory, sizeof(directory), "%s%s", cgroups->directory, path);
        /* In a container the path may be that of outside; then the mount itself is our group. */
        if (strcmp(path, "/") != 0 && access(directory, F_OK) == 0 &&
            strlen(directory) < sizeof(cgroups->directory)) {
            memcpy(cgroups->directory, directory, strlen(directory) + 1);
        }
        break;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* Field 22 of /proc/PID/stat, in clock ticks; 0 = no such process. */
static uint64_t start_time(long pid)
{
    char directory[32];
    char text[LINE_SIZE];
    (void)snprintf(directory, sizeof(directory), "/proc/%ld", pid);
    if (!read_file(directory, "stat", text, sizeof(text))) {
        return 0;
    }
    char *field = strrchr(text, ')'); /* the name before it may hold anything */
    for (int i = 2; field != NULL && i < 22; i++) {
        field = strchr(field + 1, ' ');
    }
    return field != NULL ? strtoull(field, NULL, 10) : 0;
}

static uint64_t pid_namespace(void)
{
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 ? (uint64_t)status.st_ino : 0;
}

/* Whether a group of that beginning lies in the runner's own. */
static bool has_group(const struct cgroups *cgroups, const char *beginning)
{
    bool found = false;
    DIR *directory = opendir(cgroups->directory);
    struct dirent *entry;
    while (directory != NULL && !found && (entry = readdir(directory)) != NULL) {
        found = entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
                strncmp(entry->d_name, beginning, strlen(beginning)) == 0;
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    return found;
}

bool cgroup_find(struct cgroups *cgroups, const char *mounts, const char *own)
{
    char controllers[LINE_SIZE];
    *cgroups = (struct cgroups){0};
    if (find_mount(cgroups, mounts, 1)) {
        cgroups->version = 1;
    } else if (find_mount(cgroups, mounts, 2)) {
        cgroups->version = 2;
    } else {
        return fail(cgroups, "no control group hierarchy with a CPU controller is mounted");
    }
    find_own(cgroups, own, cgroups->version);
    if (cgroups->version == 2) {
        if (!read_file(cgroups->directory, "cgroup.controllers", controllers,
                       sizeof(controllers)) ||
            !lists_cpu(controllers)) {
            cgroups->version = 0;
            return fail(cgroups, "%.200s has no CPU controller", cgroups->directory);
        }
        cgroups->enables_cpu = !read_file(cgroups->directory, "cgroup.subtree_control", controllers,
                                          sizeof(controllers)) ||
                               !lists_cpu(controllers) || has_group(cgroups, ENABLED);
    }
    (void)snprintf(cgroups->prefix, sizeof(cgroups->prefix), "%s.%" PRIu64 ".%ld.%" PRIu64 ".",
                   cgroups->enables_cpu ? ENABLED : "sddf", pid_namespace(), (long)getpid(),
                   start_time(getpid()));
    return true;
}

static uint64_t shares_of(int nice)
{
    uint64_t shares = SHARES_OF_NICE_0 * 1000;
    for (int i = nice; i < 0; i++) {
        shares = shares * 5 / 4;
    }
    for (int i = nice; i > 0; i--) {
        shares = shares * 4 / 5;
    }
    shares /= 1000;
    return shares > SHARES_MIN ? shares : SHARES_MIN;
}

static bool set_limits(struct cgroups *cgroups, const char *directory,
                       const struct cgroup_quota *quota, int nice)
{
    char text[64];
    bool set;
    if (cgroups->version == 1) {
        (void)snprintf(text, sizeof(text), "%" PRIu64, quota->period);
        set = write_file(directory, "cpu.cfs_period_us", text);
        (void)snprintf(text, sizeof(text), "%" PRIu64, quota->budget);
        set = set && write_file(directory, "cpu.cfs_quota_us", text);
        (void)snprintf(text, sizeof(text), "%" PRIu64, shares_of(nice));
        set = set && write_file(directory, "cpu.shares", text);
    } else {
        (void)snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, quota->budget, quota->period);
        set = write_file(directory, "cpu.max", text);
        (void)snprintf(text, sizeof(text), "%d", nice);
        set = set && write_file(directory, "cpu.weight.nice", text);
    }
    return set || fail(cgroups, "%.160s: %s", directory, strerror(errno));
}

bool cgroup_make(struct cgroups *cgroups, unsigned number, const struct cgroup_quota *quota,
                 int nice)
{
    char directory[PATH_SIZE];
    (void)snprintf(directory, sizeof(directory), "%s/%s%u", cgroups->directory, cgroups->prefix,
                   number);
    if (cgroups->version == 0) {
        return false; /* `why` has been said */
    }
    if (mkdir(directory, 0755) != 0) {
        return fail(cgroups, "%.160s: %s", cgroups->directory, strerror(errno));
    }
    /* In version 2 a group with processes of its own, as the runner's is, may hand the CPU
     * controller on only to threaded groups (Documentation/admin-guide/cgroup-v2.rst, "No Internal
     * Process Constraint"). */
    if (cgroups->enables_cpu &&
        (!write_file(directory, "cgroup.type", "threaded") ||
         !write_file(cgroups->directory, "cgroup.subtree_control", "+cpu"))) {
        return fail(cgroups, "%.160s hands no CPU controller on: %s", cgroups->directory,
                    strerror(errno));
    }
    return set_limits(cgroups, directory, quota, nice);
}

bool cgroup_enter(struct cgroups *cgroups, unsigned number, pid_t pid)
{
    char directory[PATH_SIZE];
    char text[32];
    (void)snprintf(directory, sizeof(directory), "%s/%s%u", cgroups->directory, cgroups->prefix,
                   number);
    (void)snprintf(text, sizeof(text), "%d", pid);
    return write_file(directory, "cgroup.procs", text) ||
           fail(cgroups, "%.160s: %s", directory, strerror(errno));
}

/* Removes the groups for which `ours` holds; false when one of them is left. */
static bool remove_groups(const struct cgroups *cgroups,
                          bool (*ours)(const struct cgroups *, const char *name))
{
    bool all = true;
    bool enabled = false;
    DIR *directory = cgroups->version != 0 ? opendir(cgroups->directory) : NULL;
    struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strncmp(entry->d_name, "sddf", 4) == 0 && ours(cgroups, entry->d_name)) {
            all =
                (unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT) &&
                all;
            enabled = enabled || strncmp(entry->d_name, ENABLED, strlen(ENABLED)) == 0;
        }
    }
    if (directory != NULL) {
        (void)closedir(directory);
    }
    if (all && enabled && !has_group(cgroups, "")) { /* whoever is left may use it */
        (void)write_file(cgroups->directory, "cgroup.subtree_control", "-cpu");
    }
    return all;
}

static bool is_mine(const struct cgroups *cgroups, const char *name)
{
    return strncmp(name, cgroups->prefix, strlen(cgroups->prefix)) == 0;
}

static bool is_stale(const struct cgroups *cgroups, const char *name)
{
    (void)cgroups;
    uint64_t space = 0;
    uint64_t start = 0;
    long pid = 0;
    const char *numbers = strchr(name, '.');
    return numbers != NULL &&
           sscanf(numbers, ".%" SCNu64 ".%ld.%" SCNu64 ".", &space, &pid, &start) == 3 &&
           space == pid_namespace() && start_time(pid) != start;
}

bool cgroup_remove(const struct cgroups *cgroups)
{
    return remove_groups(cgroups, is_mine);
}

void cgroup_remove_stale(const struct cgroups *cgroups)
{
    (void)remove_groups(cgroups, is_stale);
}
