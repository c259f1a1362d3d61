package trivium.devices.pc.video;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.device.VirtualClock;
import trivium.devices.pc.States;
import trivium.devices.pc.pci.PciConfigSpace;
import trivium.devices.pc.pci.PciMapping;
import trivium.display.Frame;
import trivium.display.Screen;
import trivium.memory.MemoryRegions;
import trivium.vm.VmException;

/**
 * A VGA with Bochs VBE extensions and 16 MiB of video memory, as QEMU's {@code -vga std}: PCI
 * 1234:1111 (QEMU docs/specs/standard-vga.rst). The device itself is the memory window at A0000.
 * Not modelled: EDID, overscan, light pen, the vertical retrace interrupt, cursor skew.
 */
public final class Vga implements Device, BusDevice, Screen {
    private static final int VRAM_BYTES = 16 << 20;
    private static final int MMIO_BYTES = 4096, MMIO_PORTS = 0x400, MMIO_VBE = 0x500;
    private static final int SLOT = 2;
    private static final long LEGACY_BASE = 0xa0000, LEGACY_BYTES = 0x20000, PLAIN_BYTES = 0x10000;

    /** The cursor changes every 16 frames, characters every 32, of about 60 a second. */
    private static final long CURSOR_NANOS = 266_666_667, BLINK_NANOS = 533_333_333;

    /** How the text cursor shows. */
    enum CursorStyle {
        BLINK,
        STEADY,
        OFF
    }

    /**
     * @param vram video memory up to its last byte that is not zero
     */
    public record State(
            Record registers, Record vbe, PciConfigSpace.State pci, int latch, byte[] vram) {}

    private final Platform platform;
    private final VirtualClock clock;
    private final CursorStyle cursorStyle;
    private final MemorySegment vram;
    private final VgaRegisters registers;
    private final BochsVbe vbe;
    private final VgaMemory window;
    private final Retrace retrace;
    private final PciConfigSpace pci;
    private final PciMapping frameBuffer;
    private final PciMapping mmio;
    private PciMapping rom;
    private MemoryRegions.Mapping legacy;

    /** Video memory over {@link #legacy} while stores need no logic; otherwise null. */
    private MemoryRegions.Mapping plain;

    private int slot;

    Vga(Platform platform, CursorStyle cursorStyle) {
        this.platform = platform;
        this.cursorStyle = cursorStyle;
        clock = platform.clock();
        MemoryRegions regions = platform.regions();
        vram = regions.allocate("vga-vram", VRAM_BYTES);
        registers = new VgaRegisters(new Effects());
        vbe = new BochsVbe(VRAM_BYTES, new Effects());
        window = new VgaMemory(vram, registers, vbe);
        retrace = new Retrace(registers);
        frameBuffer = new PciMapping(at -> regions.mapMemory("vga-lfb", at, vram, true));
        mmio = new PciMapping(at -> regions.mapMmio("vga-mmio", at, MMIO_BYTES, new Mmio()));
        pci =
                new PciConfigSpace(this, 0x1234, 0x1111, 0x030000, 2)
                        .subsystem(0x1af4, 0x1100)
                        // It decodes the legacy ports: firmware takes no VGA without this bit.
                        .writable(PciConfigSpace.COMMAND, 2, PciConfigSpace.COMMAND_IO)
                        .memoryBar(0, VRAM_BYTES, true, frameBuffer)
                        .memoryBar(2, MMIO_BYTES, false, mmio);
        platform.firmware("vgabios").ifPresent(this::addRom);
    }

    private void addRom(byte[] image) {
        int bytes = Math.max(4096, Integer.highestOneBit(image.length * 2 - 1));
        MemorySegment memory = platform.regions().allocate("vga-rom", bytes);
        MemorySegment.copy(image, 0, memory, ValueLayout.JAVA_BYTE, 0, image.length);
        rom = new PciMapping(at -> platform.regions().mapMemory("vga-rom", at, memory, false));
        pci.romBar(bytes, rom);
    }

    private void plug() {
        platform.claimPorts("vga", 0x3b4, 2, this, new Ports(0x3b4));
        platform.claimPorts("vga", 0x3ba, 1, this, new Ports(0x3ba));
        platform.claimPorts("vga", 0x3c0, 16, this, new Ports(0x3c0));
        platform.claimPorts("vga", 0x3d4, 2, this, new Ports(0x3d4));
        platform.claimPorts("vga", 0x3da, 1, this, new Ports(0x3da));
        platform.claimPorts("vga-vbe", 0x1ce, 3, this, new VbePorts());
        legacy = platform.regions().mapMmio("vga-window", LEGACY_BASE, LEGACY_BYTES, this);
        slot = platform.pci().plug(SLOT, 0, pci);
        platform.provideScreen(this);
    }

    /** What the parts ask of the whole. */
    private final class Effects implements VgaRegisters.Listener, BochsVbe.Listener {
        @Override
        public void changed() {
            if (retrace != null) {
                if (vbe.enabled()) {
                    showVbeInVga();
                }
                window.update();
                retrace.update(registers);
                mapPlain(window.isPlain64K());
            }
        }

        @Override
        public void vbeChanged() {
            changed();
        }

        @Override
        public void unimplemented(String register, int value) {
            platform.unimplemented("vga", register, value);
        }

        @Override
        public int inputStatus1() {
            return retrace.status(clock.nanos());
        }

        @Override
        public void clear(int bytes) {
            vram.asSlice(0, bytes).fill((byte) 0);
        }
    }

    /** VBE's banks do not go this way: each switch would cost every engine a flush. */
    private void mapPlain(boolean wanted) {
        if (wanted && plain == null) {
            MemorySegment first = vram.asSlice(0, PLAIN_BYTES);
            plain = platform.regions().mapMemory("vga-plain", LEGACY_BASE, first, true);
        } else if (!wanted && plain != null) {
            plain.close();
            plain = null;
        }
    }

    /** Old software looks at VGA registers, and the window goes by them: they follow VBE. */
    private void showVbeInVga() {
        int[] g = registers.graphics;
        int[] s = registers.sequencer;
        boolean planar = vbe.bitsPerPixel() == 4;
        g[VgaRegisters.MISCELLANEOUS] = g[VgaRegisters.MISCELLANEOUS] & ~0xc | 5;
        g[VgaRegisters.MODE] = g[VgaRegisters.MODE] & ~0x70 | (planar ? 0 : 0x40);
        s[VgaRegisters.MEMORY_MODE] = s[VgaRegisters.MEMORY_MODE] & ~8 | (planar ? 6 : 0xe);
        if (!planar) {
            s[VgaRegisters.MAP_MASK] = 0xf;
        }
    }

    /** Legacy ports, 8 bits wide. */
    private final class Ports implements BusDevice {
        private final int base;

        Ports(int base) {
            this.base = base;
        }

        @Override
        public long read(long offset, int size) {
            long value = 0;
            for (int i = 0; i < size; i++) {
                value |= (long) registers.read(base + (int) offset + i) << 8 * i;
            }
            return value;
        }

        @Override
        public void write(long offset, int size, long value) {
            for (int i = 0; i < size; i++) {
                registers.write(base + (int) offset + i, (int) (value >>> 8 * i) & 0xff);
            }
        }
    }

    /** Ports 1CEh (index), 1CFh and 1D0h (data), 16 bits wide. */
    private final class VbePorts implements BusDevice {
        @Override
        public long read(long offset, int size) {
            return offset == 0 ? vbe.readIndex() : vbe.readData();
        }

        @Override
        public void write(long offset, int size, long value) {
            if (offset == 0) {
                vbe.writeIndex((int) value);
            } else {
                vbe.writeData((int) value);
            }
        }
    }

    /** BAR 2: ports 3C0h on at 400h, VBE registers at 500h, two identifying ones at 600h. */
    private final class Mmio implements BusDevice {
        private static final int LITTLE_ENDIAN = 0x1e1e1e1e;
        private final Ports ports = new Ports(0x3c0);

        @Override
        public long read(long offset, int size) {
            synchronized (Vga.this) {
                if (offset >= MMIO_PORTS && offset + size <= MMIO_PORTS + 0x20) {
                    return ports.read(offset - MMIO_PORTS, size);
                }
                if (offset >= MMIO_VBE && offset < MMIO_VBE + 0x16 && (offset & 1) == 0) {
                    return vbe.read((int) offset - MMIO_VBE >>> 1);
                }
                return offset == 0x600 ? 8 : offset == 0x604 ? LITTLE_ENDIAN : 0;
            }
        }

        @Override
        public void write(long offset, int size, long value) {
            synchronized (Vga.this) {
                if (offset >= MMIO_PORTS && offset + size <= MMIO_PORTS + 0x20) {
                    ports.write(offset - MMIO_PORTS, size, value);
                } else if (offset >= MMIO_VBE && offset < MMIO_VBE + 0x16 && (offset & 1) == 0) {
                    vbe.write((int) offset - MMIO_VBE >>> 1, (int) value & 0xffff);
                }
            }
        }
    }

    @Override
    public long read(long offset, int size) {
        return window.read((int) offset, size);
    }

    @Override
    public void write(long offset, int size, long value) {
        window.write((int) offset, size, value);
    }

    private synchronized DisplayMode mode() {
        long now = clock.nanos();
        boolean cursor =
                switch (cursorStyle) {
                    case BLINK -> now / CURSOR_NANOS % 2 == 0;
                    case STEADY -> true;
                    case OFF -> false;
                };
        return new DisplayMode(registers, vbe, cursor, now / BLINK_NANOS % 2 == 0);
    }

    @Override
    public int width() {
        return mode().width;
    }

    @Override
    public int height() {
        return mode().height;
    }

    @Override
    public boolean refresh(Frame frame) {
        return new Renderer(mode(), vram, frame).render();
    }

    @Override
    public List<String> text() {
        return Renderer.text(mode(), vram);
    }

    @Override
    public synchronized void reset() {
        vbe.reset();
        registers.reset();
        window.setLatch(0);
        pci.reset();
    }

    @Override
    public synchronized State save() {
        long end = platform.regions().writtenBytes(vram);
        while (end > 0 && vram.get(ValueLayout.JAVA_LONG, end - 8) == 0) {
            end -= 8;
        }
        byte[] used = vram.asSlice(0, end).toArray(ValueLayout.JAVA_BYTE);
        return new State(registers.save(), vbe.save(), pci.save(), window.latch(), used);
    }

    @Override
    public synchronized void restore(Record state) {
        State s = States.as(State.class, state);
        if (s.vram.length > VRAM_BYTES) {
            throw new IllegalArgumentException(
                    "state has " + s.vram.length + " bytes of video RAM");
        }
        vbe.restore(States.as(BochsVbe.State.class, s.vbe));
        registers.restore(States.as(VgaRegisters.State.class, s.registers));
        window.setLatch(s.latch);
        MemorySegment.copy(s.vram, 0, vram, ValueLayout.JAVA_BYTE, 0, s.vram.length);
        platform.regions().clear(vram, s.vram.length);
        pci.restore(s.pci);
    }

    @Override
    public void close() {
        platform.pci().unplug(slot, 0);
        pci.close();
        mapPlain(false);
        legacy.close();
    }

    /** Makes the board's display adapter. */
    @Component(property = "device.model=vga")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "vga";
        }

        @Override
        public String description() {
            return "VGA with Bochs VBE extensions and 16 MiB of video memory";
        }

        @Override
        public Map<String, String> options() {
            return Map.of("cursor", "text cursor: blink (as hardware), steady or off");
        }

        @Override
        public Vga create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of("cursor"));
            var vga = new Vga(platform, cursorStyle(options));
            vga.plug();
            return vga;
        }

        private static CursorStyle cursorStyle(DeviceOptions options) throws VmException {
            String text = options.get("cursor", "blink");
            return Optional.of(text)
                    .flatMap(Factory::styleOf)
                    .orElseThrow(() ->
                            new VmException(
                                    "device vga: cursor=%s is not blink, steady or off"
                                            .formatted(text)));
        }

        private static Optional<CursorStyle> styleOf(String text) {
            return java.util.Arrays.stream(CursorStyle.values())
                    .filter(style -> style.name().equalsIgnoreCase(text))
                    .findFirst();
        }
    }
}
