package trivium.devices.pc.firmware.acpi;

import java.util.List;
import trivium.devices.pc.firmware.ByteWriter;

/**
 * Writes ACPI Machine Language: each method gives the bytes of one term (ACPI 6.4, chapter 20 "ACPI
 * Machine Language (AML) Specification"), to be nested as the ASL would be.
 */
final class Aml {
    private Aml() {}

    /** What address space an operation region lies in. */
    static final int SYSTEM_IO = 1, PCI_CONFIG = 2;

    /** A field's flags: byte access, no lock, preserve. */
    static final int BYTE_ACCESS = 1;

    static byte[] concat(byte[]... terms) {
        var out = new ByteWriter();
        for (byte[] term : terms) {
            out.raw(term);
        }
        return out.toBytes();
    }

    static byte[] concat(List<byte[]> terms) {
        return concat(terms.toArray(byte[][]::new));
    }

    /** 20.2.2 "Name Objects Encoding": a path such as {@code \_SB.PCI0} or {@code ^LNKA}. */
    static byte[] path(String path) {
        var out = new ByteWriter();
        int at = 0;
        while (at < path.length() && (path.charAt(at) == '\\' || path.charAt(at) == '^')) {
            out.u8(path.charAt(at++));
        }
        String[] segments = path.substring(at).split("\\.");
        if (segments.length == 2) {
            out.u8(0x2e);
        } else if (segments.length > 2) {
            out.u8(0x2f).u8(segments.length);
        }
        for (String segment : segments) {
            if (!segment.matches("[A-Z_][A-Z0-9_]{0,3}")) {
                throw new IllegalArgumentException("AML name " + path);
            }
            out.text(segment, 4, '_');
        }
        return out.toBytes();
    }

    /** 20.2.3 "Data Objects Encoding": the shortest form. */
    static byte[] integer(long value) {
        var out = new ByteWriter();
        if (value == 0 || value == 1) {
            out.u8(value);
        } else if (value >>> 8 == 0) {
            out.u8(0x0a).u8(value);
        } else if (value >>> 16 == 0) {
            out.u8(0x0b).u16(value);
        } else if (value >>> 32 == 0) {
            out.u8(0x0c).u32(value);
        } else {
            out.u8(0x0e).u64(value);
        }
        return out.toBytes();
    }

    static byte[] string(String text) {
        return new ByteWriter().u8(0x0d).cString(text).toBytes();
    }

    /** 19.3.4 "ASL Macros", EISAID: three letters of five bits, four hexadecimal digits. */
    static byte[] eisaId(String id) {
        int letters = 0;
        for (int i = 0; i < 3; i++) {
            letters = letters << 5 | id.charAt(i) - '@';
        }
        int value = letters << 16 | Integer.parseInt(id.substring(3), 16);
        return integer(Integer.reverseBytes(value) & 0xffff_ffffL);
    }

    static byte[] buffer(byte[] bytes) {
        return prefixed(new byte[] {0x11}, integer(bytes.length), bytes);
    }

    static byte[] packageOf(byte[]... elements) {
        return prefixed(new byte[] {0x12}, new byte[] {(byte) elements.length}, concat(elements));
    }

    static byte[] name(String path, byte[] value) {
        return concat(op(0x08), path(path), value);
    }

    static byte[] scope(String path, byte[]... terms) {
        return prefixed(op(0x10), path(path), concat(terms));
    }

    static byte[] device(String path, byte[]... terms) {
        return prefixed(op(0x5b, 0x82), path(path), concat(terms));
    }

    /** A processor without a P_BLK. */
    static byte[] processor(String path, int id, byte[]... terms) {
        byte[] head = new ByteWriter().raw(path(path)).u8(id).u32(0).u8(0).toBytes();
        return prefixed(op(0x5b, 0x83), head, concat(terms));
    }

    static byte[] method(String path, int arguments, byte[]... terms) {
        byte[] head = concat(path(path), new byte[] {(byte) arguments});
        return prefixed(op(0x14), head, concat(terms));
    }

    static byte[] operationRegion(String path, int space, long offset, long length) {
        byte[] where = concat(integer(offset), integer(length));
        return concat(op(0x5b, 0x80), path(path), op(space), where);
    }

    /**
     * @param units pairs of a name, or "" for a gap, and a width in bits
     */
    static byte[] field(String region, int flags, Object... units) {
        var list = new ByteWriter();
        for (int i = 0; i < units.length; i += 2) {
            String unit = (String) units[i];
            if (unit.isEmpty()) {
                list.u8(0);
            } else {
                list.raw(path(unit));
            }
            list.raw(plainLength((Integer) units[i + 1]));
        }
        byte[] head = concat(path(region), new byte[] {(byte) flags});
        return prefixed(op(0x5b, 0x81), head, list.toBytes());
    }

    static byte[] createDWordField(byte[] buffer, int offset, String name) {
        return concat(op(0x8a), buffer, integer(offset), path(name));
    }

    static byte[] arg(int index) {
        return op(0x68 + index);
    }

    static byte[] returns(byte[] value) {
        return concat(op(0xa4), value);
    }

    static byte[] store(byte[] value, byte[] into) {
        return concat(op(0x70), value, into);
    }

    /** {@code and} and {@code or} leave their result in {@code into}; see {@link #NOWHERE}. */
    static byte[] and(byte[] a, byte[] b, byte[] into) {
        return concat(op(0x7b), a, b, into);
    }

    static byte[] or(byte[] a, byte[] b, byte[] into) {
        return concat(op(0x7d), a, b, into);
    }

    static byte[] less(byte[] a, byte[] b) {
        return concat(op(0x95), a, b);
    }

    static byte[] when(byte[] condition, byte[]... terms) {
        return prefixed(op(0xa0), condition, concat(terms));
    }

    /** No target for a result. */
    static final byte[] NOWHERE = {0};

    private static byte[] op(int... octets) {
        byte[] bytes = new byte[octets.length];
        for (int i = 0; i < octets.length; i++) {
            bytes[i] = (byte) octets[i];
        }
        return bytes;
    }

    private static byte[] prefixed(byte[] opcode, byte[] head, byte[] body) {
        int length = head.length + body.length;
        int width = 1;
        while (length + width >= (width == 1 ? 64 : 1 << 4 + 8 * (width - 1))) {
            width++;
        }
        return concat(opcode, encodedLength(length + width, width), head, body);
    }

    /** The width of a field unit: the same encoding, but not counting itself. */
    private static byte[] plainLength(int bits) {
        return encodedLength(bits, bits < 64 ? 1 : bits < 4096 ? 2 : 3);
    }

    /** 20.2.4 "Package Length Encoding". */
    private static byte[] encodedLength(int length, int width) {
        var out = new ByteWriter();
        if (width == 1) {
            return out.u8(length).toBytes();
        }
        out.u8(width - 1 << 6 | length & 0xf);
        for (int i = 0, rest = length >>> 4; i < width - 1; i++, rest >>>= 8) {
            out.u8(rest);
        }
        return out.toBytes();
    }
}
