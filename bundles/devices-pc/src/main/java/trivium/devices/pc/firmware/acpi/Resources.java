package trivium.devices.pc.firmware.acpi;

import trivium.devices.pc.firmware.ByteWriter;

/** Writes a resource template (ACPI 6.4 §6.4 "Resource Data Types for ACPI"). */
final class Resources {
    private static final int MEMORY = 0, IO = 1, BUS = 2;

    /** General flags: minimum and maximum are fixed; positive decode; a producer. */
    private static final int FIXED = 0x0c;

    private final ByteWriter out = new ByteWriter();

    /** 6.4.2.5 "I/O Port Descriptor", 16-bit decode. */
    Resources io(int base, int length) {
        out.u8(0x47).u8(1).u16(base).u16(base).u8(1).u8(length);
        return this;
    }

    /** 6.4.2.1 "IRQ Descriptor", edge-triggered, active high. */
    Resources irq(int irq) {
        out.u8(0x22).u16(1 << irq);
        return this;
    }

    /** 6.4.2.2 "DMA Descriptor", compatibility mode, 8-bit. */
    Resources dma(int channel) {
        out.u8(0x2a).u8(1 << channel).u8(0);
        return this;
    }

    /** 6.4.3.4 "32-Bit Fixed Memory Range Descriptor", read-only. */
    Resources fixedMemory(long base, long length) {
        out.u8(0x86).u16(9).u8(0).u32(base).u32(length);
        return this;
    }

    /** 6.4.3.6 "Extended Interrupt Descriptor", consumer, level, active high, shared. */
    Resources interrupts(int... numbers) {
        out.u8(0x89).u16(2 + 4 * numbers.length).u8(9).u8(numbers.length);
        for (int number : numbers) {
            out.u32(number);
        }
        return this;
    }

    Resources busNumbers(int first, int last) {
        return word(BUS, 0, first, last);
    }

    /** Ports that a bridge passes on, both ISA and non-ISA ranges. */
    Resources ioWindow(int first, int last) {
        return word(IO, 3, first, last);
    }

    /** 6.4.3.5.3 "Word Address Space Descriptor". */
    private Resources word(int type, int specific, int first, int last) {
        out.u8(0x88).u16(13).u8(type).u8(FIXED).u8(specific).u16(0);
        out.u16(first).u16(last).u16(0).u16(last - first + 1);
        return this;
    }

    /** 6.4.3.5.2 "DWord Address Space Descriptor": memory that a bridge passes on, read-write. */
    Resources memoryWindow(long first, long last, boolean cacheable) {
        out.u8(0x87).u16(23).u8(MEMORY).u8(FIXED).u8(cacheable ? 3 : 1).u32(0);
        out.u32(first).u32(last).u32(0).u32(last - first + 1);
        return this;
    }

    /** The template as a buffer term, with the end tag; checksum 0 counts as right. */
    byte[] toAml() {
        return Aml.buffer(Aml.concat(out.toBytes(), new byte[] {0x79, 0}));
    }
}
