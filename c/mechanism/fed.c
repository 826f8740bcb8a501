/* The channel of a fed session: receives from an inbox that the event loop fills, and sends nothing itself. */
#include "mechanism/parts/inbox.h"

/* A read of the event loop brings so much at most, and what it brought before is taken by then: the inbox does not grow. */
#define FED_READ_AHEAD_BYTES (512 * 1024)

struct fed_channel {
  struct channel channel;
  struct inbox inbox;
};

static struct fed_channel *fed_of(struct channel *channel) { return (struct fed_channel *)channel; }

static int fed_open(struct channel *channel, const struct channel_settings *settings) {
  return inbox_open(&fed_of(channel)->inbox, settings->frame_bytes, FED_READ_AHEAD_BYTES);
}

static int fed_try_receive(struct channel *channel, struct arrival *arrival) {
  return inbox_next(&fed_of(channel)->inbox, arrival);
}

static void fed_close(struct channel *channel) { inbox_close(&fed_of(channel)->inbox); }

int fed_feed(struct channel *channel, const uint8_t *bytes, size_t count) {
  return inbox_feed(&fed_of(channel)->inbox, bytes, count);
}

const struct channel_ops fed_ops = {
    .channel_bytes = sizeof(struct fed_channel),
    .connect = fed_open,
    .try_receive = fed_try_receive,
    .close = fed_close,
};
