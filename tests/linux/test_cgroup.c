/* SPDX-License-Identifier: BSD-2-Clause */
/* Quotas by control groups where this machine may have none, or the other version: a folder with
 * the kernel's files in it plays the hierarchy. Linked so that mkdir() makes what the kernel would
 * make in a new group, and unlinkat() takes it away with the group. */
#include "platform/linux/cgroup.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants the three above before it. */
#include <cmocka.h>

static char root[] = "/tmp/sddf-cgroup-XXXXXX";
static const char *const files_made[] = {"cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.shares",
                                         "cpu.max",           "cpu.weight.nice",  "cgroup.type",
                                         "cgroup.procs"};
enum { FILES_MADE = sizeof(files_made) / sizeof(files_made[0]) };

static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static const char *get(const char *folder, const char *name)
{
    static char text[256];
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s/%s", root, folder, name);
    FILE *file = fopen(path, "re");
    text[0] = '\0';
    if (file != NULL) {
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        (void)fclose(file);
    }
    return text;
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
    int result = __real_mkdir(path, mode);
    for (size_t i = 0; result == 0 && i < FILES_MADE; i++) {
        char file[PATH_MAX];
        (void)snprintf(file, sizeof(file), "%s/%s", path, files_made[i]);
        (void)close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    }
    return result;
}

int __real_unlinkat(int directory, const char *name, int flags);
int __wrap_unlinkat(int directory, const char *name, int flags);
int __wrap_unlinkat(int directory, const char *name, int flags)
{
    for (size_t i = 0; i < FILES_MADE; i++) {
        char file[PATH_MAX];
        (void)snprintf(file, sizeof(file), "%s/%s", name, files_made[i]);
        (void)__real_unlinkat(directory, file, 0);
    }
    return __real_unlinkat(directory, name, flags);
}

static const char *path_of(const char *name)
{
    static char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", root, name);
    return path;
}

static bool find(struct cgroups *cgroups, const char *kind, const char *options, const char *own)
{
    char mounts[PATH_MAX];
    char own_path[PATH_MAX];
    char line[PATH_MAX];
    (void)snprintf(line, sizeof(line), "tmpfs /nowhere tmpfs rw 0 0\ncgroup %s/tree %s %s 0 0\n",
                   root, kind, options);
    put("mounts", line);
    put("own", own);
    (void)snprintf(mounts, sizeof(mounts), "%s", path_of("mounts"));
    (void)snprintf(own_path, sizeof(own_path), "%s", path_of("own"));
    return cgroup_find(cgroups, mounts, own_path);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof(root), "/tmp/sddf-cgroup-XXXXXX");
    return mkdtemp(root) == NULL || __real_mkdir(path_of("tree"), 0700) != 0 ||
           __real_mkdir(path_of("tree/mine"), 0700) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const left[] = {"mounts", "own", "tree/mine/cgroup.controllers",
                                       "tree/mine/cgroup.subtree_control",
                                       "tree/cgroup.controllers"};
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        (void)unlink(path_of(left[i]));
    }
    (void)rmdir(path_of("tree/mine"));
    (void)rmdir(path_of("tree"));
    return rmdir(root);
}

static void check_quota(uint64_t budget, uint64_t period, uint64_t kept_budget,
                        uint64_t kept_period, bool more)
{
    struct cgroup_quota quota = cgroup_quota_of(budget, period);
    assert_int_equal(quota.budget, kept_budget);
    assert_int_equal(quota.period, kept_period);
    assert_int_equal(quota.more, more);
}

static void a_quota_that_linux_takes_is_kept_as_it_is(void **state)
{
    (void)state;
    check_quota(1000, 1001, 1000, 1001, false);
    check_quota(2000, 20000, 2000, 20000, false);
    check_quota(999999, 1000000, 999999, 1000000, false);
}

static void a_finer_or_longer_quota_keeps_its_share_or_less(void **state)
{
    (void)state;
    check_quota(100, 1000, 1000, 10000, false);
    check_quota(3, 10, 1000, 3334, false);
    check_quota(1, 1000, 1000, 1000000, false);
    check_quota(1000000, 2000000, 500000, 1000000, false);
    check_quota(3000, 2000000, 1500, 1000000, false);
    check_quota(UINT64_MAX - 1, UINT64_MAX, 999999, 1000000, false);
}

static void a_share_below_the_least_becomes_the_least_and_says_so(void **state)
{
    (void)state;
    check_quota(1, 1001, 1000, 1000000, true);
    check_quota(999, 1000000, 1000, 1000000, true);
    check_quota(1999, 2000000, 1000, 1000000, true);
    check_quota(1, UINT64_MAX, 1000, 1000000, true);
}

static void version_1_gets_period_budget_and_shares_in_the_runners_own_group(void **state)
{
    (void)state;
    struct cgroups cgroups;
    const struct cgroup_quota quota = {.budget = 2000, .period = 20000};
    char name[128];
    assert_true(
        find(&cgroups, "cgroup", "rw,nosuid,cpu,cpuacct", "3:memory:/no\n4:cpu,cpuacct:/mine\n"));
    assert_int_equal(cgroups.version, 1);
    assert_string_equal(cgroups.directory, path_of("tree/mine"));
    assert_true(cgroup_make(&cgroups, 7, &quota, -20));
    assert_true(cgroup_enter(&cgroups, 7, 1234));
    (void)snprintf(name, sizeof(name), "tree/mine/%s7", cgroups.prefix);
    assert_string_equal(get(name, "cpu.cfs_period_us"), "20000");
    assert_string_equal(get(name, "cpu.cfs_quota_us"), "2000");
    assert_string_equal(get(name, "cpu.shares"), "88817");
    assert_string_equal(get(name, "cgroup.procs"), "1234");
    assert_true(cgroup_remove(&cgroups));
    assert_int_equal(access(path_of(name), F_OK), -1);
}

static void cpuset_and_cpuacct_are_not_the_cpu_controller(void **state)
{
    (void)state;
    struct cgroups cgroups;
    assert_false(find(&cgroups, "cgroup", "rw,cpuset", "1:cpuset:/\n"));
    assert_false(find(&cgroups, "cgroup", "rw,cpuacct", "1:cpuacct:/\n"));
    assert_string_equal(cgroups.why, "no control group hierarchy with a CPU controller is mounted");
    assert_false(cgroup_make(&cgroups, 0, &(struct cgroup_quota){1000, 2000, false}, 0));
    assert_true(cgroup_remove(&cgroups));
}

static void version_2_enables_the_controller_for_threaded_groups_and_takes_it_back(void **state)
{
    (void)state;
    struct cgroups cgroups;
    const struct cgroup_quota quota = {.budget = 2000, .period = 20000};
    char name[128];
    put("tree/mine/cgroup.controllers", "cpuset cpu io\n");
    put("tree/mine/cgroup.subtree_control", "io\n");
    assert_true(find(&cgroups, "cgroup2", "rw", "1:name=systemd:/no\n0::/mine\n"));
    assert_int_equal(cgroups.version, 2);
    assert_true(cgroup_make(&cgroups, 0, &quota, 4));
    assert_true(cgroup_enter(&cgroups, 0, 1234));
    (void)snprintf(name, sizeof(name), "tree/mine/%s0", cgroups.prefix);
    assert_string_equal(get(name, "cgroup.type"), "threaded");
    assert_string_equal(get("tree/mine", "cgroup.subtree_control"), "+cpu");
    assert_string_equal(get(name, "cpu.max"), "2000 20000");
    assert_string_equal(get(name, "cpu.weight.nice"), "4");
    assert_string_equal(get(name, "cgroup.procs"), "1234");
    assert_true(cgroup_remove(&cgroups));
    assert_int_equal(access(path_of(name), F_OK), -1);
    assert_string_equal(get("tree/mine", "cgroup.subtree_control"), "-cpu");
}

static void version_2_leaves_the_controller_on_until_the_last_runner_has_ended(void **state)
{
    (void)state;
    struct cgroups first;
    struct cgroups second;
    const struct cgroup_quota quota = {.budget = 2000, .period = 20000};
    char name[128];
    put("tree/mine/cgroup.controllers", "cpu\n");
    put("tree/mine/cgroup.subtree_control", "\n");
    assert_true(find(&first, "cgroup2", "rw", "0::/mine\n"));
    assert_true(cgroup_make(&first, 0, &quota, 0));
    put("tree/mine/cgroup.subtree_control", "cpu\n"); /* as the kernel shows it then */
    assert_true(find(&second, "cgroup2", "rw", "0::/mine\n"));
    second.prefix[strlen(second.prefix) - 2] ^= 1; /* of another process */
    assert_true(cgroup_make(&second, 0, &quota, 0));
    (void)snprintf(name, sizeof(name), "tree/mine/%s0", second.prefix);
    assert_string_equal(get(name, "cgroup.type"), "threaded");
    put("tree/mine/cgroup.subtree_control", "cpu\n");
    assert_true(cgroup_remove(&first));
    assert_string_equal(get("tree/mine", "cgroup.subtree_control"), "cpu\n");
    assert_true(cgroup_remove(&second));
    assert_string_equal(get("tree/mine", "cgroup.subtree_control"), "-cpu");
}

static void version_2_uses_a_controller_that_is_handed_on_already(void **state)
{
    (void)state;
    struct cgroups cgroups;
    const struct cgroup_quota quota = {.budget = 2000, .period = 20000};
    char name[128];
    put("tree/mine/cgroup.controllers", "cpu\n");
    put("tree/mine/cgroup.subtree_control", "cpu io\n");
    assert_true(find(&cgroups, "cgroup2", "rw", "0::/mine\n"));
    assert_true(cgroup_make(&cgroups, 0, &quota, 0));
    (void)snprintf(name, sizeof(name), "tree/mine/%s0", cgroups.prefix);
    assert_string_equal(get(name, "cgroup.type"), "");
    assert_true(cgroup_remove(&cgroups));
    assert_string_equal(get("tree/mine", "cgroup.subtree_control"), "cpu io\n");
}

static void version_2_without_the_controller_gives_the_reason(void **state)
{
    (void)state;
    struct cgroups cgroups;
    put("tree/mine/cgroup.controllers", "hugetlb\n");
    assert_false(find(&cgroups, "cgroup2", "rw", "0::/mine\n"));
    assert_non_null(strstr(cgroups.why, "/tree/mine has no CPU controller"));
}

static void a_path_of_another_namespace_means_the_mount_itself(void **state)
{
    (void)state;
    struct cgroups cgroups;
    assert_true(find(&cgroups, "cgroup", "rw,cpu", "4:cpu:/docker/0123\n"));
    assert_string_equal(cgroups.directory, path_of("tree"));
}

/* The name of a group of process `pid`, started at `start`, of this or another namespace. */
static void make_foreign(const struct cgroups *cgroups, bool here, long pid, const char *start)
{
    unsigned long long space = 0;
    char path[PATH_MAX];
    assert_int_equal(sscanf(cgroups->prefix, "sddf.%llu.", &space), 1);
    (void)snprintf(path, sizeof(path), "%s/sddf.%llu.%ld.%s.0", cgroups->directory,
                   here ? space : space + 1, pid, start);
    assert_int_equal(__wrap_mkdir(path, 0700), 0);
}

static size_t count_groups(const struct cgroups *cgroups, const char *word)
{
    char command[PATH_MAX];
    size_t count = 0;
    (void)snprintf(command, sizeof(command), "ls %s | grep -c '%s'", cgroups->directory, word);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%zu", &count), 1);
    (void)pclose(pipe);
    return count;
}

static void only_groups_of_dead_runners_of_this_pid_namespace_are_stale(void **state)
{
    (void)state;
    struct cgroups cgroups;
    assert_true(find(&cgroups, "cgroup", "rw,cpu", "4:cpu:/mine\n"));
    make_foreign(&cgroups, true, 1, "999999999999999"); /* alive, but started at another time */
    make_foreign(&cgroups, true, 999999999, "1");
    make_foreign(&cgroups, false, 999999999, "2");
    assert_true(cgroup_make(&cgroups, 0, &(struct cgroup_quota){1000, 2000, false}, 0));
    assert_int_equal(__wrap_mkdir(path_of("tree/mine/sddf"), 0700), 0);
    assert_int_equal(__wrap_mkdir(path_of("tree/mine/sddf.x.y.z.0"), 0700), 0);
    assert_int_equal(count_groups(&cgroups, "."), 6);
    cgroup_remove_stale(&cgroups);
    assert_int_equal(count_groups(&cgroups, "."), 4);
    assert_int_equal(count_groups(&cgroups, ".999999999.2."), 1);
    assert_true(cgroup_remove(&cgroups));
    assert_int_equal(count_groups(&cgroups, "."), 3);
    char command[PATH_MAX];
    (void)snprintf(command, sizeof(command), "rm -r %s/sddf*", cgroups.directory);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_that_linux_takes_is_kept_as_it_is),
        cmocka_unit_test(a_finer_or_longer_quota_keeps_its_share_or_less),
        cmocka_unit_test(a_share_below_the_least_becomes_the_least_and_says_so),
        cmocka_unit_test_setup_teardown(
            version_1_gets_period_budget_and_shares_in_the_runners_own_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cpuset_and_cpuacct_are_not_the_cpu_controller, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            version_2_enables_the_controller_for_threaded_groups_and_takes_it_back, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            version_2_leaves_the_controller_on_until_the_last_runner_has_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_2_uses_a_controller_that_is_handed_on_already,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_2_without_the_controller_gives_the_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_path_of_another_namespace_means_the_mount_itself, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_groups_of_dead_runners_of_this_pid_namespace_are_stale,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
