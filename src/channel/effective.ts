import { CHANNEL_EFFECTIVE } from "../native/layout.ts";
import { StructView } from "../native/struct-view.ts";

/** What the kernel says of a connection, or the shim of its rings. */
export interface ConnectionEffective {
  readonly sendBufferBytes: number;
  readonly receiveBufferBytes: number;
  readonly queueDepth: number | null;
}

export function readEffective(
  fill: (effective: Uint8Array) => void,
): ConnectionEffective & { port: number; isLocal: boolean } {
  const effective = new StructView(CHANNEL_EFFECTIVE);
  fill(effective.bytes);
  return {
    sendBufferBytes: effective.getNumber("send_buffer_bytes"),
    receiveBufferBytes: effective.getNumber("receive_buffer_bytes"),
    queueDepth: effective.getNumber("queue_depth") || null,
    port: effective.getNumber("port"),
    isLocal: effective.getNumber("is_far") === 0,
  };
}
