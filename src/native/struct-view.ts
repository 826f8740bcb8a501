import type { StructLayout } from "./layout.ts";

/** Reads and writes the fields of one struct in memory that may be shared with C. 64-bit fields are BigInt: exact. */
export class StructView<Name extends string> {
  readonly #view: DataView;

  /** @param buffer memory that holds the struct at `byteOffset`; by default fresh, zeroed memory for one. */
  constructor(
    readonly layout: StructLayout<Name>,
    buffer: ArrayBuffer = new ArrayBuffer(layout.bytes),
    byteOffset = 0,
  ) {
    this.#view = new DataView(buffer, byteOffset, layout.bytes);
  }

  /** The memory itself, to be passed to C. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view.buffer as ArrayBuffer, this.#view.byteOffset, this.layout.bytes);
  }

  get(field: Name): bigint {
    const at = this.layout.offsets[field];
    switch (this.layout.types[field]) {
      case "u32":
        return BigInt(this.#view.getUint32(at, true));
      case "i32":
        return BigInt(this.#view.getInt32(at, true));
      case "u64":
        return this.#view.getBigUint64(at, true);
      case "i64":
        return this.#view.getBigInt64(at, true);
      default:
        throw new TypeError(`${this.layout.name}.${field} is no scalar`);
    }
  }

  /** Only for fields whose values stay below 2^53: sizes, counts, error numbers. */
  getNumber(field: Name): number {
    const value = this.get(field);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${this.layout.name}.${field} is beyond 2^53`);
    return Number(value);
  }

  set(field: Name, value: number | bigint): void {
    const at = this.layout.offsets[field];
    switch (this.layout.types[field]) {
      case "u32":
        this.#view.setUint32(at, Number(value), true);
        break;
      case "i32":
        this.#view.setInt32(at, Number(value), true);
        break;
      case "u64":
        this.#view.setBigUint64(at, BigInt(value), true);
        break;
      case "i64":
        this.#view.setBigInt64(at, BigInt(value), true);
        break;
      default:
        throw new TypeError(`${this.layout.name}.${field} is no scalar`);
    }
  }

  /** Writes a NUL-terminated string; throws if it does not fit. */
  setText(field: Name, text: string): void {
    const type = this.layout.types[field];
    const encoded = new TextEncoder().encode(text);
    if (typeof type !== "object" || encoded.length >= type.bytes) {
      throw new RangeError(`${this.layout.name}.${field} has no room for ${encoded.length} bytes`);
    }
    const target = new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.layout.offsets[field], type.bytes);
    target.fill(0);
    target.set(encoded);
  }

  /** The struct embedded in this one at `field`, over the same memory. */
  nested<Inner extends string>(field: Name, layout: StructLayout<Inner>): StructView<Inner> {
    return new StructView(layout, this.#view.buffer as ArrayBuffer, this.#view.byteOffset + this.layout.offsets[field]);
  }

  /** A copy of the 64-bit words of an array field. */
  words(field: Name): BigUint64Array {
    const type = this.layout.types[field];
    if (typeof type !== "object") throw new TypeError(`${this.layout.name}.${field} is no array`);
    const from = this.#view.byteOffset + this.layout.offsets[field];
    return new BigUint64Array(this.#view.buffer.slice(from, from + type.bytes) as ArrayBuffer);
  }

  /** Writes an array field; `values` may be fewer than it has room for. */
  setWords(field: Name, values: BigUint64Array): void {
    const type = this.layout.types[field];
    if (typeof type !== "object" || values.length * 8 > type.bytes)
      throw new RangeError(`${this.layout.name}.${field} has no room for ${values.length} words`);
    const at = this.#view.byteOffset + this.layout.offsets[field];
    new BigUint64Array(this.#view.buffer as ArrayBuffer, at, values.length).set(values);
  }
}
