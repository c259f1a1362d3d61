package trivium.machine.boot;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An option ROM of our own that boots a Linux kernel after the firmware's POST: it offers itself as
 * a boot entry (Plug and Play BIOS Specification 1.0A, "BEV"), has fw_cfg copy kernel, initrd and
 * command line to their places by DMA (QEMU docs/specs/fw_cfg.rst, "Guest-side DMA Interface"), and
 * jumps to the kernel's 16-bit entry (boot.rst "Running the Kernel").
 */
final class LinuxRom {
    static final String FILE = "genroms/linuxboot.bin";

    private static final int PNP = 0x20, MANUFACTURER = 0x40, PRODUCT = 0x50, CODE = 0x60;
    private static final int ROM_BYTES = 512, CHECKSUM = 6;
    private static final int DMA_READ = 2, DMA_SELECT = 8;

    /**
     * One copy.
     *
     * @param item fw_cfg key
     */
    record Copy(int item, int bytes, long gpa) {}

    private LinuxRom() {}

    /**
     * @param setupSegment real-mode segment of the kernel's setup code
     */
    static byte[] build(List<Copy> copies, int setupSegment) {
        byte[] rom = new byte[ROM_BYTES];
        rom[0] = 0x55;
        rom[1] = (byte) 0xaa;
        rom[2] = ROM_BYTES / 512;
        rom[3] = (byte) 0xcb; // initialisation entry: retf
        Little.put16(rom, 0x1a, PNP);
        pnpHeader(rom);
        text(rom, MANUFACTURER, "Trivium");
        text(rom, PRODUCT, "Linux kernel");
        byte[] code = code(copies, setupSegment);
        System.arraycopy(code, 0, rom, CODE, code.length);
        rom[CHECKSUM] = checksum(rom, 0, ROM_BYTES);
        return rom;
    }

    private static void pnpHeader(byte[] rom) {
        text(rom, PNP, "$PnP");
        rom[PNP + 4] = 1; // revision
        rom[PNP + 5] = 2; // length in 16-byte units
        Little.put16(rom, PNP + 14, MANUFACTURER);
        Little.put16(rom, PNP + 16, PRODUCT);
        Little.put16(rom, PNP + 26, CODE); // bootstrap entry vector
        rom[PNP + 9] = checksum(rom, PNP, 32);
    }

    private static void text(byte[] rom, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, rom, at, bytes.length);
    }

    private static byte checksum(byte[] rom, int from, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += rom[from + i];
        }
        return (byte) -sum;
    }

    /** The code with the table of DMA descriptors behind it. */
    private static byte[] code(List<Copy> copies, int setupSegment) {
        int table = CODE + instructions(0, 0, setupSegment).length; // as long with any operands
        byte[] code = instructions(table, table + copies.size() * 16, setupSegment);
        ByteBuffer all = ByteBuffer.allocate(code.length + copies.size() * 16).put(code);
        for (Copy copy : copies) {
            all.putInt(copy.item << 16 | DMA_SELECT | DMA_READ).putInt(copy.bytes);
            all.putLong(copy.gpa);
        }
        return all.array();
    }

    /** 16-bit code; runs with CS at the ROM. Descriptors are from {@code table} to the end. */
    private static byte[] instructions(int table, int tableEnd, int setupSegment) {
        var code = new ByteArrayOutputStream();
        int entry = setupSegment + 0x20;
        // spotless:off
        emit(code, 0xfa);                                   //       cli
        emit(code, 0xfc);                                   //       cld
        emit(code, 0x31, 0xc0);                             //       xor   ax, ax
        emit(code, 0x8e, 0xd8);                             //       mov   ds, ax
        emit(code, 0x8e, 0xc0);                             //       mov   es, ax
        emit(code, 0xbe, table, table >> 8);                //       mov   si, table
        int next = code.size();                             // next:
        // The firmware made this ROM read-only, and fw_cfg answers in its descriptor: copy it.
        emit(code, 0xbf, 0x00, 0x7c);                       //       mov   di, 7c00h
        emit(code, 0xb9, 0x08, 0x00);                       //       mov   cx, 8
        emit(code, 0x2e, 0xf3, 0xa5);                       //       rep   cs movsw
        emit(code, 0xba, 0x14, 0x05);                       //       mov   dx, 514h
        emit(code, 0x66, 0x31, 0xc0);                       //       xor   eax, eax
        emit(code, 0x66, 0xef);                             //       out   dx, eax   ; high half
        emit(code, 0xba, 0x18, 0x05);                       //       mov   dx, 518h
        emit(code, 0x66, 0xb8, 0x00, 0x00, 0x7c, 0x00);     //       mov   eax, bswap(7c00h)
        emit(code, 0x66, 0xef);                             //       out   dx, eax   ; starts it
        int wait = code.size();                             // wait:
        emit(code, 0x66, 0xa1, 0x00, 0x7c);                 //       mov   eax, [7c00h]
        emit(code, 0x66, 0xa9, 0xff, 0xff, 0xff, 0xfe);     //       test  eax, ~error
        emit(code, 0x75, wait - code.size() - 2);           //       jnz   wait
        emit(code, 0x66, 0x85, 0xc0);                       //       test  eax, eax
        emit(code, 0x74, 0x03);                             //       jz    good
        emit(code, 0xfb);                                   //       sti
        emit(code, 0xcd, 0x18);                             //       int   18h       ; try the next
        emit(code, 0x81, 0xfe, tableEnd, tableEnd >> 8);    // good: cmp   si, table end
        emit(code, 0x72, next - code.size() - 2);           //       jb    next
        emit(code, 0xb8, setupSegment, setupSegment >> 8);  //       mov   ax, setup segment
        emit(code, 0x8e, 0xd8);                             //       mov   ds, ax
        emit(code, 0x8e, 0xc0);                             //       mov   es, ax
        emit(code, 0x8e, 0xe0);                             //       mov   fs, ax
        emit(code, 0x8e, 0xe8);                             //       mov   gs, ax
        emit(code, 0x8e, 0xd0);                             //       mov   ss, ax
        emit(code, 0xbc, 0xf0, 0xff);                       //       mov   sp, fff0h
        emit(code, 0xea, 0x00, 0x00, entry, entry >> 8);    //       jmp   setup segment + 20h : 0
        // spotless:on
        return code.toByteArray();
    }

    private static void emit(ByteArrayOutputStream code, int... bytes) {
        for (int b : bytes) {
            code.write(b);
        }
    }
}
