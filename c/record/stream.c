#include "record/stream.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* A 64-bit number with its sign. */
#define NUMBER_BYTES 20
/* Send time, id, latency, scheduled time, and a comma before two of them. */
#define FIGURES_BYTES (4 * NUMBER_BYTES + 2)

struct text {
  const char *bytes;
  size_t length;
};

struct number {
  char bytes[NUMBER_BYTES];
  size_t length;
};

/* A row format with its lengths, and where its next row goes. */
struct writer {
  struct row_format *format;
  struct text separator, before, middle, after, end;
  uint8_t *start, *at;
  size_t row_bytes; /* no row is longer */
};

/* ---- numbers ---- */

static const char two_digits[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

static void write_unsigned(struct number *number, uint64_t value, int is_negative) {
  char digits[NUMBER_BYTES];
  char *from = digits + sizeof digits;
  while (value >= 100) {
    from -= 2;
    memcpy(from, two_digits + value % 100 * 2, 2);
    value /= 100;
  }
  if (value >= 10) {
    from -= 2;
    memcpy(from, two_digits + value * 2, 2);
  } else {
    *--from = (char)('0' + value);
  }
  if (is_negative) *--from = '-';
  number->length = (size_t)(digits + sizeof digits - from);
  memcpy(number->bytes, from, number->length);
}

/* Negated as unsigned, which the least of all has no counterpart for as signed. */
static void write_signed(struct number *number, int64_t value) {
  write_unsigned(number, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

/* A stamp of one clock as one of the other; wraps where the sum has no place in 64 bits, and so traps nowhere. */
static int64_t shifted(int64_t stamp_ns, int64_t offset_ns) { return (int64_t)((uint64_t)stamp_ns + (uint64_t)offset_ns); }

/* ---- rows ---- */

static struct text text_of(const char *bytes, size_t capacity) { return (struct text){bytes, strnlen(bytes, capacity)}; }

static struct writer writer_of(struct row_format *format, uint8_t *buffer) {
  struct writer writer = {
      .format = format,
      .separator = text_of(format->separator, sizeof format->separator),
      .before = text_of(format->before, sizeof format->before),
      .middle = text_of(format->middle, sizeof format->middle),
      .after = text_of(format->after, sizeof format->after),
      .end = text_of(format->end, sizeof format->end),
      .start = buffer,
      .at = buffer,
  };
  writer.row_bytes = FIGURES_BYTES + writer.separator.length + writer.before.length + writer.middle.length +
                     writer.after.length + writer.end.length;
  format->used_bytes = 0;
  return writer;
}

static void put(struct writer *writer, const char *bytes, size_t length) {
  memcpy(writer->at, bytes, length);
  writer->at += length;
}

static void put_text(struct writer *writer, struct text text) { put(writer, text.bytes, text.length); }

/* The figures of one record as text, made once for both files. */
struct figures {
  struct number sent, id, latency, due;
};

static void put_row(struct writer *writer, const struct figures *figures) {
  if (writer->format->row_count++ > 0) put_text(writer, writer->separator);
  put_text(writer, writer->before);
  put(writer, figures->sent.bytes, figures->sent.length);
  *writer->at++ = ',';
  put(writer, figures->id.bytes, figures->id.length);
  put_text(writer, writer->middle);
  put(writer, figures->latency.bytes, figures->latency.length);
  put_text(writer, writer->after);
  if (writer->format->has_schedule) {
    *writer->at++ = ',';
    put(writer, figures->due.bytes, figures->due.length);
  }
  put_text(writer, writer->end);
}

int32_t stream_drain(struct ledger_file *file, int32_t sheet, int32_t clock_sheet, struct row_format *first,
                     uint8_t *first_buffer, struct row_format *second, uint8_t *second_buffer, int32_t capacity) {
  struct writer writers[2] = {writer_of(first, first_buffer)};
  size_t writer_count = 1;
  if (second != NULL) writers[writer_count++] = writer_of(second, second_buffer);

  size_t longest = writers[0].row_bytes;
  if (writer_count == 2 && writers[1].row_bytes > longest) longest = writers[1].row_bytes;
  uint64_t fitting = capacity < 0 ? 0 : (size_t)capacity / longest;
  if (fitting == 0) return -EMSGSIZE;

  struct record_ring *ring = ledger_ring(file, (uint32_t)sheet);
  if (ring == NULL) return 0;
  uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
  /* Pairs with the release in ledger_push_record: the records below head are whole, and the offset was taken before them. */
  uint64_t waiting = atomic_load_explicit(&ring->head, memory_order_acquire) - tail;
  if (waiting == 0) return 0;
  uint64_t end = tail + (waiting < fitting ? waiting : fitting);
  int64_t offset_ns = file->sheets[clock_sheet].realtime_offset_ns;
  struct figures figures;
  for (uint64_t i = tail; i < end; i++) {
    const struct record *record = &ring->records[i & (file->ring_capacity - 1)];
    write_signed(&figures.sent, shifted(record->sent_ns, offset_ns));
    write_unsigned(&figures.id, record->id, 0);
    write_signed(&figures.latency, record->service_ns);
    if (first->has_schedule || (second != NULL && second->has_schedule)) {
      write_signed(&figures.due, shifted(record->due_ns, offset_ns));
    }
    for (size_t w = 0; w < writer_count; w++) put_row(&writers[w], &figures);
  }
  /* Pairs with the acquire of a full ring's producer: it writes into these places only after they were read. */
  atomic_store_explicit(&ring->tail, end, memory_order_release);
  for (size_t w = 0; w < writer_count; w++) writers[w].format->used_bytes = (uint32_t)(writers[w].at - writers[w].start);
  return (int32_t)(end - tail);
}
