// Writing a moving picture as a GIF file.

const CODE_BITS = 8; // of the indices of 256 colours
const CLEAR = 1 << CODE_BITS;
const END = CLEAR + 1;
const MOST_CODES = 4096;
const LONGEST_BLOCK = 255;

/** Number of colours of a GIF file; one more is transparent. */
export const GIF_COLOURS = 255;
const TRANSPARENT = GIF_COLOURS;

/** A GIF file that repeats for ever. Pixels that stay as they were are transparent, which makes it small. */
export class GifFile {
  /** `colours` are red, green and blue of each of at most `GIF_COLOURS` colours. */
  constructor(width, height, colours) {
    Object.assign(this, { width, height, last: null });
    const table = new Uint8Array(3 * 256);
    table.set(colours.flat());
    this.parts = [
      ascii("GIF89a"),
      Uint8Array.of(...word(width), ...word(height), 0xf7, 0, 0), // a table of 256 colours
      table,
      Uint8Array.of(0x21, 0xff, 11),
      ascii("NETSCAPE2.0"),
      Uint8Array.of(3, 1, 0, 0, 0), // for ever
    ];
  }

  /** Add a picture, as the index of the colour of each pixel, that is shown for hundredths of a second. */
  add(indices, delay) {
    const [left, top, width, height] = this.changed(indices);
    const pixels = new Uint8Array(width * height);
    for (let y = 0, k = 0; y < height; y++) {
      for (let i = (top + y) * this.width + left, end = i + width; i < end; i++, k++) {
        pixels[k] = this.last !== null && this.last[i] === indices[i] ? TRANSPARENT : indices[i];
      }
    }
    this.last = indices;
    this.parts.push(
      Uint8Array.of(0x21, 0xf9, 4, 0x05, ...word(delay), TRANSPARENT, 0), // stays, with a transparent colour
      Uint8Array.of(0x2c, ...word(left), ...word(top), ...word(width), ...word(height), 0, CODE_BITS),
      inBlocks(compressed(pixels)),
    );
  }

  /** Return the file with the pictures added so far. */
  blob() {
    return new Blob([...this.parts, Uint8Array.of(0x3b)], { type: "image/gif" });
  }

  /** Return left, top, width and height of the pixels that differ from the last picture, of at least one. */
  changed(indices) {
    const { width, height, last } = this;
    if (last === null) return [0, 0, width, height];
    let [left, top, right, bottom] = [width, height, 0, 0];
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (last[i] === indices[i]) continue;
        if (x < left) left = x;
        if (x >= right) right = x + 1;
        if (y < top) top = y;
        bottom = y + 1;
      }
    }
    return right > 0 ? [left, top, right - left, bottom - top] : [0, 0, 1, 1];
  }
}

/** Compress indices by the method of Lempel, Ziv and Welch, with codes of 9 to 12 bits. */
function compressed(indices) {
  const bytes = new Uint8Array(2 * indices.length + 16);
  let [size, buffer, numBits] = [0, 0, 0];
  let [codeBits, next] = [CODE_BITS + 1, END + 1];
  const codes = new Uint16Array(MOST_CODES << CODE_BITS); // by code of a prefix and the index after it; 0 is none
  const entries = new Uint32Array(MOST_CODES);
  const emit = (code) => {
    buffer |= code << numBits;
    for (numBits += codeBits; numBits >= 8; numBits -= 8, buffer >>>= 8) bytes[size++] = buffer & 255;
  };
  emit(CLEAR);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const entry = (prefix << CODE_BITS) | indices[i];
    const known = codes[entry];
    if (known > 0) {
      prefix = known;
      continue;
    }
    emit(prefix);
    if (next < MOST_CODES) {
      if (next === 1 << codeBits) codeBits += 1;
      entries[next] = entry;
      codes[entry] = next++;
    } else {
      emit(CLEAR);
      while (next > END + 1) codes[entries[--next]] = 0;
      codeBits = CODE_BITS + 1;
    }
    prefix = indices[i];
  }
  emit(prefix);
  if (next === 1 << codeBits && codeBits < 12) codeBits += 1; // the reader has an entry for the last code, too
  emit(END);
  if (numBits > 0) bytes[size++] = buffer & 255;
  return bytes.subarray(0, size);
}

/** Return bytes in blocks that begin with their length, and an empty block. */
function inBlocks(bytes) {
  const blocks = new Uint8Array(bytes.length + Math.ceil(bytes.length / LONGEST_BLOCK) + 1);
  for (let from = 0, to = 0; from < bytes.length; from += LONGEST_BLOCK) {
    const block = bytes.subarray(from, from + LONGEST_BLOCK);
    blocks[to] = block.length;
    blocks.set(block, to + 1);
    to += block.length + 1;
  }
  return blocks;
}

const word = (value) => [value & 255, value >> 8];
const ascii = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
