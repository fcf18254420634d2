/* SPDX-License-Identifier: BSD-2-Clause */
/* See format.h. The directives are those of C17, 7.21.6.1. */
#include <serial/format.h>
#include <stdbool.h>
#include <stddef.h>

enum { DIGITS_MAX = 20, WIDTH_MAX = 255 }; /* 2^64 - 1 has 20 decimal digits */

struct output {
    char *to;
    uint32_t size, length; /* `length` < `size` */
};

struct directive {
    bool left, zeros;
    uint32_t width;
    uint32_t precision; /* of %s */
    bool is_long;       /* 64 bits: on every target of ours long, long long and size_t are */
};

static void put(struct output *out, char byte)
{
    if (out->length + 1 < out->size) {
        out->to[out->length++] = byte;
    }
}

static void pad(struct output *out, char with, uint32_t width, uint32_t length)
{
    for (uint32_t i = length; i < width; i++) {
        put(out, with);
    }
}

static void put_text(struct output *out, const struct directive *d, const char *text)
{
    uint32_t length = 0;
    text = text != NULL ? text : "(null)";
    while (length < d->precision && text[length] != '\0') {
        length++;
    }
    pad(out, ' ', d->left ? 0 : d->width, length);
    for (uint32_t i = 0; i < length; i++) {
        put(out, text[i]);
    }
    pad(out, ' ', d->left ? d->width : 0, length);
}

static void put_number(struct output *out, const struct directive *d, uint64_t value, unsigned base,
                       bool negative)
{
    char digits[DIGITS_MAX];
    uint32_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    bool zeros = d->zeros && !d->left;
    pad(out, ' ', d->left || zeros ? 0 : d->width, count + negative);
    if (negative) {
        put(out, '-');
    }
    pad(out, '0', zeros ? d->width : 0, count + negative);
    for (uint32_t i = count; i > 0; i--) {
        put(out, digits[i - 1]);
    }
    pad(out, ' ', d->left ? d->width : 0, count + negative);
}

static uint32_t read_number(const char **at)
{
    uint32_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = 10 * value + (uint32_t)(**at - '0');
        value = value < WIDTH_MAX ? value : WIDTH_MAX;
    }
    return value;
}

/* What stands between % and the letter; `*at` then points to the letter. */
static struct directive read_directive(const char **at)
{
    struct directive d = {.precision = UINT32_MAX};
    for (; **at == '-' || **at == '0'; (*at)++) {
        d.left |= **at == '-';
        d.zeros |= **at == '0';
    }
    d.width = read_number(at);
    if (**at == '.') {
        (*at)++;
        d.precision = read_number(at);
    }
    for (; **at == 'l' || **at == 'z'; (*at)++) {
        d.is_long = true;
    }
    return d;
}

static void put_signed(struct output *out, const struct directive *d, int64_t value)
{
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    put_number(out, d, magnitude, 10, value < 0);
}

/* Its callers pass the va_list by its address, since its value is undefined after a callee read of
 * it (C17, 7.16). */
static bool put_directive(struct output *out, const struct directive *d, char letter,
                          va_list *arguments)
{
    const struct directive none = {.precision = UINT32_MAX};
    switch (letter) {
    case 'c': {
        const char text[2] = {(char)va_arg(*arguments, int), '\0'};
        put_text(out, d, text);
        return true;
    }
    case 's':
        put_text(out, d, va_arg(*arguments, const char *));
        return true;
    case 'd':
    case 'i':
        put_signed(out, d, d->is_long ? va_arg(*arguments, int64_t) : va_arg(*arguments, int));
        return true;
    case 'u':
    case 'x':
        put_number(out, d, d->is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned),
                   letter == 'u' ? 10 : 16, false);
        return true;
    case 'p':
        put_text(out, &none, "0x");
        put_number(out, &none, (uintptr_t)va_arg(*arguments, void *), 16, false);
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

uint32_t format_text(char *to, uint32_t size, const char *format, va_list arguments)
{
    struct output out = {.to = to, .size = size};
    va_list list;
    va_copy(list, arguments);
    for (const char *at = format; *at != '\0';) {
        if (*at != '%') {
            put(&out, *at++);
            continue;
        }
        const char *start = at++;
        struct directive d = read_directive(&at);
        if (*at != '\0' && put_directive(&out, &d, *at, &list)) {
            at++;
            continue;
        }
        for (; start < at; start++) { /* unknown: as it stands */
            put(&out, *start);
        }
    }
    va_end(list);
    to[out.length] = '\0';
    return out.length;
}
