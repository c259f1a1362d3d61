package trivium.device;

import java.util.Optional;
import org.osgi.annotation.versioning.ProviderType;
import trivium.bus.BusDevice;
import trivium.bus.DmaChannel;
import trivium.bus.IrqLine;
import trivium.bus.PciBus;
import trivium.bus.PortIo;
import trivium.bus.SharedPorts;
import trivium.bus.SharedRegister;
import trivium.cpu.CpuModel;
import trivium.display.Screen;
import trivium.input.KeyboardSink;
import trivium.input.PointerSink;
import trivium.memory.MemoryRegions;
import trivium.memory.PhysicalMemory;

/**
 * The board as one device sees it. Whatever is claimed, registered or plugged through it is
 * released when the device is removed. Registers are reached with the monitor of the object named
 * as {@code device} held, and so are timers: a model made of several objects passes one {@link
 * BusDevice} per window that locks on the same model by being nested in it and using {@link
 * #claimPorts} with the model as owner.
 */
@ProviderType
public interface Platform {
    /** Claims ports [base, base+count); accesses run with {@code owner}'s monitor held. */
    void claimPorts(String name, int base, int count, Object owner, BusDevice window);

    /** A window that has its device as owner. */
    default void claimPorts(String name, int base, int count, BusDevice device) {
        claimPorts(name, base, count, device, device);
    }

    /**
     * A register behind a port that was claimed before, which CPUs may reach without calling the
     * device as far as that allows it: for what guests poll or write often.
     *
     * @param sizeBytes 1, 2 or 4: of accesses to the port
     */
    default SharedRegister shareRegister(int port, int sizeBytes) {
        return SharedPorts.hidden(sizeBytes);
    }

    /**
     * Registers behind one port, of which the low bits of another register select one.
     *
     * @param count a power of two
     */
    default SharedRegister[] shareRegisters(
            int port, int sizeBytes, SharedRegister index, int count) {
        return SharedPorts.hidden(sizeBytes, count);
    }

    /** Releases ports claimed before: a moved PCI I/O BAR. */
    void releasePorts(int base, int count);

    /** Maps memory and MMIO; the MMIO device's own monitor is held. */
    MemoryRegions regions();

    /** Physical memory, for bus masters. */
    PhysicalMemory memory();

    PciBus pci();

    /** ISA interrupt 0 to 15, wired to the PICs and the IO-APIC. IRQ 0 goes to IO-APIC pin 2. */
    IrqLine isaIrq(int irq);

    /**
     * Global system interrupt 0 to 23: an IO-APIC input alone (16 and up), or as {@link #isaIrq}.
     */
    IrqLine gsi(int gsi);

    /** ISA DMA channel 0 to 7. */
    DmaChannel isaDma(int channel);

    VirtualClock clock();

    /** A timer whose action runs with {@code owner}'s monitor held. */
    VirtualTimer newTimer(String name, Object owner, Runnable action);

    /** What a device offers to others, by type: chipset parts find each other this way. */
    <T> void provide(Class<T> type, T service);

    /**
     * What another device of this VM offered; empty if the board has none. Ask late, not in create.
     */
    <T> Optional<T> find(Class<T> type);

    /** The host side of serial port 0 to 3, if any. */
    Optional<SerialBackend> serial(int port);

    /**
     * The image in a drive: "ide0" to "ide3", "floppy0", "floppy1", "virtio0"…; empty: no drive
     * there.
     */
    Optional<BlockBackend> drive(String slot);

    void provideScreen(Screen screen);

    void provideKeyboard(KeyboardSink keyboard);

    void providePointer(PointerSink pointer);

    PowerControl power();

    /** Ports of this VM, for devices that forward. */
    PortIo ports();

    CpuModel cpuModel();

    int cpuCount();

    /** A named piece of the VM's configuration that several devices need ("boot-order", "name"). */
    Optional<String> property(String key);

    /** A firmware file by role, as bytes: "bios", "vgabios"; empty if the VM has none. */
    Optional<byte[]> firmware(String role);

    /**
     * Says once per device and register, at debug level, that the guest touched something not
     * modelled: the register's name, the value.
     */
    void unimplemented(String device, String register, long value);
}
