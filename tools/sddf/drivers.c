/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads driver.yaml files for drivers.h. Run by the host tool; trusts no file. */
#include "tools/sddf/drivers.h"
#include "tools/sddf/drivers_embedded.h"
#include "tools/sddf/yaml.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

enum { RINGS_SIZE_MAX = 16 << 20, PAGE = 4096 };

static void read_compatible(const struct yaml_node *node, struct driver *driver)
{
    const struct yaml_node *list = yaml_as_list(node);
    if (list != NULL && (list->count == 0 || list->count > DRIVER_COMPATIBLE_MAX)) {
        yaml_error(list, RULE_OUT_OF_RANGE,
                   "found %zu compatible strings" ALLOWED "1 to %d" REMEDY "list those it serves",
                   list->count, DRIVER_COMPATIBLE_MAX);
        return;
    }
    yaml_for_each(entry, list)
    {
        yaml_as_string(entry, driver->compatible[driver->compatible_count++], DRIVER_TEXT_MAX);
    }
}

/* The image's name goes into the .system file. */
static void read_image(const struct yaml_node *node, struct driver *driver)
{
    static const char CHARACTERS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        "_.-";
    if (yaml_as_string(node, driver->image, sizeof(driver->image)) &&
        strspn(driver->image, CHARACTERS) != strlen(driver->image))
        yaml_error(node, RULE_BAD_NAME,
                   "found \"%s\"" ALLOWED "a file name of letters, digits, _ . and -" REMEDY
                   "rename the image",
                   driver->image);
}

/* Takes the file over. */
static bool read_driver(struct yaml_file *file, struct drivers *drivers)
{
    if (file == NULL)
        return false;
    const struct yaml_node *root = yaml_root(file);
    struct driver *driver = &drivers->list[drivers->count];
    *driver = (struct driver){0};
    yaml_check_keys(root, "name", "class", "compatible", "image", "rings", "clock", NULL);
    yaml_as_string(yaml_need(root, "name"), driver->name, sizeof(driver->name));
    yaml_as_string(yaml_need(root, "class"), driver->class_name, sizeof(driver->class_name));
    read_compatible(yaml_need(root, "compatible"), driver);
    read_image(yaml_need(root, "image"), driver);
    bool has_rings = strcmp(driver->class_name, "timer") != 0;
    bool optional = strcmp(driver->class_name, "serial") == 0; /* most have no DMA */
    const struct yaml_node *rings = !has_rings ? NULL
                                    : optional ? yaml_get(root, "rings")
                                               : yaml_need(root, "rings");
    if (rings != NULL && yaml_as_size(rings, PAGE, RINGS_SIZE_MAX, &driver->rings_size) &&
        driver->rings_size % PAGE != 0)
        yaml_error(rings, RULE_MISALIGNED,
                   "found %s" ALLOWED "a multiple of 4KiB" REMEDY "round it up", rings->text);
    yaml_as_bool(yaml_get(root, "clock"), &driver->clock);
    bool good = yaml_file_errors(file) == 0;
    yaml_file_free(file);
    drivers->count++;
    return good;
}

static bool read_directory(const char *directory, struct drivers *drivers,
                           struct findings *findings)
{
    char pattern[4096];
    int length = snprintf(pattern, sizeof(pattern), "%s/*/*/driver.yaml", directory);
    glob_t found = {0};
    bool good = length > 0 && (size_t)length < sizeof(pattern) &&
                glob(pattern, 0, NULL, &found) == 0; /* sorted */
    if (!good)
        findings_add_file(findings, RULE_CANNOT_READ, directory,
                          "found no driver" ALLOWED "CLASS/DEVICE/driver.yaml in it" REMEDY
                          "give the folder of the drivers");
    for (size_t i = 0; good && i < found.gl_pathc; i++) {
        if (drivers->count == DRIVERS_MAX) {
            findings_add_file(findings, RULE_FILE_LIMIT, directory, "found more than %d drivers",
                              DRIVERS_MAX);
            good = false;
        } else {
            good = read_driver(yaml_file_read(found.gl_pathv[i], findings), drivers);
        }
    }
    globfree(&found);
    return good;
}

bool drivers_read(const char *directory, struct drivers *drivers, struct findings *findings)
{
    drivers->count = 0;
    if (directory != NULL)
        return read_directory(directory, drivers, findings);
    for (const struct embedded_driver *driver = EMBEDDED_DRIVERS; driver->path != NULL; driver++) {
        struct yaml_file *file =
            yaml_file_parse(driver->path, driver->text, strlen(driver->text), findings);
        if (!read_driver(file, drivers))
            return false;
    }
    return true;
}

const struct driver *driver_find(const struct drivers *drivers, const char *class_name,
                                 const char *compatible)
{
    for (size_t d = 0; d < drivers->count; d++) {
        const struct driver *driver = &drivers->list[d];
        for (size_t c = 0; c < driver->compatible_count; c++) {
            if (strcmp(driver->class_name, class_name) == 0 &&
                strcmp(driver->compatible[c], compatible) == 0)
                return driver;
        }
    }
    return NULL;
}
