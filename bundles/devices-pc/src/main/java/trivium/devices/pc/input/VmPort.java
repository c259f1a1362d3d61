package trivium.devices.pc.input;

import static trivium.cpu.VcpuState.RAX;
import static trivium.cpu.VcpuState.RBX;
import static trivium.cpu.VcpuState.RCX;
import static trivium.cpu.VcpuState.RDI;
import static trivium.cpu.VcpuState.RDX;
import static trivium.cpu.VcpuState.RSI;

import java.util.Set;
import org.osgi.service.component.annotations.Component;
import trivium.bus.BusDevice;
import trivium.device.CurrentVcpu;
import trivium.device.Device;
import trivium.device.DeviceFactory;
import trivium.device.DeviceOptions;
import trivium.device.Platform;
import trivium.devices.pc.States;
import trivium.input.PointerSink;
import trivium.vm.VmException;

/**
 * VMware's backdoor at port 5658h, as far as a pointer needs it: an IN of four bytes with a magic
 * number in EAX and a command in CX gives results in EAX, EBX, ECX, EDX, ESI and EDI. Linux knows
 * it in {@code drivers/input/mouse/vmmouse.c} and {@code arch/x86/kernel/cpu/vmware.c}, QEMU in
 * {@code hw/i386/vmmouse.c}. The system's SMBIOS serial number announces it. Not modelled: other
 * commands, which answer all ones; restricting the mouse to ring 0; relative packets: a guest that
 * asks for those gets the PS/2 mouse's.
 */
public final class VmPort implements Device, BusDevice, PointerSink {
    /** What the serial number has to say for Linux to look for the backdoor. */
    public static final String SERIAL_NUMBER = "Trivium (with VMware backdoor)";

    private static final int PORT = 0x5658, MAGIC = 0x564d_5868, NOTHING = -1;
    private static final int GET_VERSION = 10, GET_HZ = 45;
    private static final int POINTER_DATA = 39, POINTER_STATUS = 40, POINTER_COMMAND = 41;
    private static final int VERSION = 6, PRODUCT_SERVER = 2;

    /** Of the time-stamp counter and of the local APIC's timer. */
    private static final int TSC_HZ = 1_000_000_000, BUS_HZ = 1_000_000_000;

    /** Where the words of an event go. */
    private static final int[] DATA_REGISTERS = {RAX, RBX, RCX, RDX, RSI, RDI};

    /** Saved state. */
    record State(VmMouse.State mouse) {}

    private final Platform platform;
    private final VmMouse mouse = new VmMouse();
    private final int[] words = new int[DATA_REGISTERS.length];
    private volatile boolean active;

    VmPort(Platform platform) {
        this.platform = platform;
        platform.claimPorts("vmport", PORT, 4, this);
        platform.provide(VmPort.class, this);
        platform.providePointer(this);
    }

    @Override
    public long read(long offset, int size) {
        long[] gpr = offset == 0 && size == 4 ? CurrentVcpu.registers() : null;
        if (gpr == null || (int) gpr[RAX] != MAGIC) {
            return NOTHING;
        }
        int result = command((int) gpr[RCX] & 0xffff, gpr);
        active = mouse.active();
        return result;
    }

    private int command(int command, long[] gpr) {
        return switch (command) {
            case GET_VERSION -> {
                set(gpr, RBX, MAGIC);
                set(gpr, RCX, PRODUCT_SERVER);
                yield VERSION;
            }
            case GET_HZ -> {
                set(gpr, RBX, 0); // upper half of the first
                set(gpr, RCX, BUS_HZ);
                yield TSC_HZ;
            }
            case POINTER_STATUS -> mouse.status();
            case POINTER_DATA -> data(gpr);
            case POINTER_COMMAND -> pointerCommand((int) gpr[RBX]);
            default -> {
                platform.unimplemented("vmport", "command " + command, gpr[RBX]);
                yield NOTHING;
            }
        };
    }

    private int data(long[] gpr) {
        int count = (int) gpr[RBX];
        if (!mouse.data(words, count)) {
            return NOTHING;
        }
        for (int i = 1; i < count; i++) {
            set(gpr, DATA_REGISTERS[i], words[i]);
        }
        return words[0];
    }

    private int pointerCommand(int command) {
        if (!mouse.command(command)) {
            platform.unimplemented("vmport", "pointer command %08x".formatted(command), command);
        }
        return 0;
    }

    private static void set(long[] gpr, int register, int value) {
        gpr[register] = value & 0xffff_ffffL;
    }

    @Override
    public void write(long offset, int size, long value) {
        // VMware ignores OUT here, too.
    }

    // --- from the viewers

    @Override
    public boolean absolute() {
        return active;
    }

    @Override
    public void moveTo(int x, int y, int buttons, int wheel) {
        synchronized (this) {
            if (!mouse.active()) {
                return;
            }
            mouse.moveTo(x, y, buttons, wheel);
        }
        // Not under this monitor: the keyboard controller has its own.
        platform.find(AuxAttention.class).ifPresent(AuxAttention::call);
    }

    /** The PS/2 mouse's business. */
    @Override
    public void moveBy(int dx, int dy, int buttons, int wheel) {}

    @Override
    public void reset() {
        mouse.reset();
        active = false;
    }

    @Override
    public Record save() {
        return new State(mouse.save());
    }

    @Override
    public void restore(Record state) {
        mouse.restore(States.as(State.class, state).mouse);
        active = mouse.active();
    }

    /** Makes the backdoor. */
    @Component(property = DeviceFactory.MODEL + "=vmport")
    public static final class Factory implements DeviceFactory {
        @Override
        public String model() {
            return "vmport";
        }

        @Override
        public String description() {
            return "VMware's backdoor at port 5658h with its absolute mouse";
        }

        @Override
        public Device create(Platform platform, DeviceOptions options) throws VmException {
            options.allow(Set.of());
            return new VmPort(platform);
        }
    }
}
