// An RFB 3.8 client (RFC 6143) over a WebSocket: encodings Raw, CopyRect and Zlib, pseudo-encodings
// DesktopSize, QEMU extended key event and pointer mode. Frame boundaries mean nothing.

const RAW = 0, COPY_RECT = 1, ZLIB = 6;
const DESKTOP_SIZE = -223, POINTER_MODE = -257, EXTENDED_KEY = -258;
const BIAS = 0x7fff; // QEMU Pointer Motion Change: what a movement of zero is sent as

/** Bytes that arrive in pieces, read in pieces of another size. */
class ByteQueue {
  #pieces = [];
  #length = 0;
  #wanted = 0;
  #wake = null;
  #end = null;

  push(bytes) {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    this.#notify();
  }

  close(reason) {
    this.#end = new Error(reason);
    this.#notify();
  }

  #notify() {
    if (this.#wake && (this.#length >= this.#wanted || this.#end)) {
      const wake = this.#wake;
      this.#wake = null;
      wake();
    }
  }

  async read(count) {
    while (this.#length < count) {
      if (this.#end) throw this.#end;
      this.#wanted = count;
      await new Promise((resolve) => (this.#wake = resolve));
    }
    const result = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const first = this.#pieces[0];
      const part = first.subarray(0, count - at);
      result.set(part, at);
      at += part.length;
      if (part.length === first.length) this.#pieces.shift();
      else this.#pieces[0] = first.subarray(part.length);
    }
    this.#length -= count;
    return result;
  }
}

/** One zlib stream for the life of the connection. */
class Inflater {
  #output = new ByteQueue();
  #writer;

  constructor() {
    const stream = new DecompressionStream("deflate");
    this.#writer = stream.writable.getWriter();
    this.#pump(stream.readable.getReader());
  }

  async #pump(reader) {
    try {
      for (let piece; !(piece = await reader.read()).done; ) this.#output.push(piece.value);
      this.#output.close("the zlib stream ended");
    } catch (error) {
      this.#output.close(error.message);
    }
  }

  async inflate(bytes, count) {
    this.#writer.write(bytes).catch(() => {}); // the reading side tells
    return this.#output.read(count);
  }
}

export class Rfb {
  relative = false;
  onname = () => {};
  onclose = () => {};
  #socket;
  #screen;
  #input = new ByteQueue();
  #inflater = typeof DecompressionStream === "undefined" ? null : new Inflater();
  #extendedKeys = false;
  #width = 0;
  #height = 0;

  /** screen has resize(w, h), draw(x, y, w, h, rgba) and copy(fromX, fromY, x, y, w, h). */
  constructor(socket, screen) {
    this.#socket = socket;
    this.#screen = screen;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#input.push(new Uint8Array(event.data));
    socket.onclose = (event) => this.#input.close(event.reason);
    this.#run().catch((error) => {
      socket.close();
      this.onclose(error.message);
    });
  }

  async #run() {
    await this.#login();
    await this.#init();
    for (;;) await this.#message();
  }

  async #u8() {
    return (await this.#input.read(1))[0];
  }

  async #view(count) {
    return new DataView((await this.#input.read(count)).buffer);
  }

  async #text(length) {
    return new TextDecoder().decode(await this.#input.read(length));
  }

  async #reason() {
    return this.#text((await this.#view(4)).getUint32(0));
  }

  async #login() {
    await this.#input.read(12);
    this.#send(new TextEncoder().encode("RFB 003.008\n"));
    const types = await this.#input.read(await this.#u8());
    if (types.length === 0) throw new Error(await this.#reason());
    if (!types.includes(1)) throw new Error("a password is asked for");
    this.#send([1]); // the token in the address was the key
    if ((await this.#view(4)).getUint32(0) !== 0) throw new Error(await this.#reason());
  }

  async #init() {
    this.#send([1]);
    const init = await this.#view(24);
    this.#resize(init.getUint16(0), init.getUint16(2));
    this.onname(await this.#text(init.getUint32(20)));
    // 32 bits, depth 24, little-endian: the bytes red, green, blue, 0
    this.#send([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0]);
    const encodings = [COPY_RECT, RAW, DESKTOP_SIZE, POINTER_MODE, EXTENDED_KEY];
    if (this.#inflater) encodings.unshift(ZLIB);
    const message = new DataView(new ArrayBuffer(4 + 4 * encodings.length));
    message.setUint8(0, 2);
    message.setUint16(2, encodings.length);
    encodings.forEach((encoding, i) => message.setInt32(4 + 4 * i, encoding));
    this.#send(new Uint8Array(message.buffer));
    this.#request(false);
  }

  #resize(width, height) {
    this.#width = width;
    this.#height = height;
    this.#screen.resize(width, height);
  }

  #request(incremental) {
    const [w, h] = [this.#width, this.#height];
    this.#send([3, incremental ? 1 : 0, 0, 0, 0, 0, w >> 8, w & 255, h >> 8, h & 255]);
  }

  async #message() {
    const type = await this.#u8();
    switch (type) {
      case 0:
        return this.#update();
      case 2: // bell
        return;
      case 3: // cut text
        await this.#input.read((await this.#view(7)).getUint32(3));
        return;
      default:
        throw new Error(`unknown message ${type}`);
    }
  }

  async #update() {
    const count = (await this.#view(3)).getUint16(1);
    const before = [this.#width, this.#height].join();
    for (let i = 0; i < count; i++) await this.#rectangle();
    this.#request(before === [this.#width, this.#height].join());
  }

  async #rectangle() {
    const head = await this.#view(12);
    const [x, y, w, h] = [0, 2, 4, 6].map((at) => head.getUint16(at));
    const encoding = head.getInt32(8);
    switch (encoding) {
      case RAW:
        return this.#draw(x, y, w, h, await this.#input.read(w * h * 4));
      case ZLIB: {
        const compressed = await this.#input.read((await this.#view(4)).getUint32(0));
        return this.#draw(x, y, w, h, await this.#inflater.inflate(compressed, w * h * 4));
      }
      case COPY_RECT: {
        const from = await this.#view(4);
        return this.#screen.copy(from.getUint16(0), from.getUint16(2), x, y, w, h);
      }
      case DESKTOP_SIZE:
        return this.#resize(w, h);
      case POINTER_MODE:
        this.relative = x === 0;
        return;
      case EXTENDED_KEY:
        this.#extendedKeys = true;
        return;
      default:
        throw new Error(`unknown encoding ${encoding}`);
    }
  }

  #draw(x, y, w, h, bytes) {
    if (w === 0 || h === 0) return;
    for (let i = 3; i < bytes.length; i += 4) bytes[i] = 255; // opaque
    this.#screen.draw(x, y, w, h, new Uint8ClampedArray(bytes.buffer));
  }

  #send(bytes) {
    if (this.#socket.readyState === 1) this.#socket.send(Uint8Array.from(bytes));
  }

  /** A key by X11 keysym: for Latin-1 characters that is the character. */
  key(down, keysym) {
    this.#send([4, down ? 1 : 0, 0, 0, ...u32(keysym > 255 ? keysym | 0x1000000 : keysym)]);
  }

  /** A key by its place, as set 1 scancode with 0x80 for the prefix E0. */
  scancode(down, code) {
    if (this.#extendedKeys) this.#send([255, 0, 0, down ? 1 : 0, 0, 0, 0, 0, ...u32(code)]);
  }

  pointer(buttons, x, y) {
    this.#send([5, buttons, x >> 8, x & 255, y >> 8, y & 255]);
  }

  /** For a guest without absolute pointer. */
  move(buttons, dx, dy) {
    this.pointer(buttons, clamp(dx), clamp(dy));
  }
}

function clamp(delta) {
  return Math.max(0, Math.min(0xffff, Math.round(delta) + BIAS));
}

function u32(value) {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}
