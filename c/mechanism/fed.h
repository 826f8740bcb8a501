/* The channel of a fed session: receives from an inbox that the event loop fills, and sends nothing itself. */
#pragma once

#include "mechanism/channel.h"

int fed_feed(struct channel *channel, const uint8_t *bytes, size_t count);
