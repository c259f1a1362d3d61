package trivium.hostos;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/**
 * {@code struct kvm_run}, which a vCPU shares with the kernel; behind it lies the data of port I/O.
 * KVM api.rst "The kvm_run structure".
 */
public final class KvmRun extends KvmStruct {
    static final StructLayout LAYOUT =
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("request_interrupt_window"),
                    JAVA_BYTE.withName("immediate_exit"),
                    MemoryLayout.paddingLayout(6),
                    JAVA_INT.withName("exit_reason"),
                    JAVA_BYTE.withName("ready_for_interrupt_injection"),
                    JAVA_BYTE.withName("if_flag"),
                    JAVA_SHORT.withName("flags"),
                    JAVA_LONG.withName("cr8"),
                    JAVA_LONG.withName("apic_base"),
                    MemoryLayout.sequenceLayout(256, JAVA_BYTE).withName("exit"),
                    JAVA_LONG.withName("kvm_valid_regs"),
                    JAVA_LONG.withName("kvm_dirty_regs"),
                    KvmRegs.LAYOUT.withName("s.regs.regs"),
                    KvmSregs.LAYOUT.withName("s.regs.sregs"));

    private static final StructLayout IO =
            MemoryLayout.structLayout(
                    JAVA_BYTE.withName("direction"),
                    JAVA_BYTE.withName("size"),
                    JAVA_SHORT.withName("port"),
                    JAVA_INT.withName("count"),
                    JAVA_LONG.withName("data_offset"));
    private static final StructLayout MMIO =
            MemoryLayout.structLayout(
                    JAVA_LONG.withName("phys_addr"),
                    JAVA_LONG.withName("data"),
                    JAVA_INT.withName("len"),
                    JAVA_BYTE.withName("is_write"));

    // spotless:off
    public static final int EXIT_IO = 2, EXIT_HLT = 5, EXIT_MMIO = 6, EXIT_IRQ_WINDOW_OPEN = 7,
            EXIT_SHUTDOWN = 8, EXIT_FAIL_ENTRY = 9, EXIT_INTR = 10, EXIT_SET_TPR = 11,
            EXIT_INTERNAL_ERROR = 17, EXIT_X86_RDMSR = 29, EXIT_X86_WRMSR = 30;
    // spotless:on

    public static final long REQUEST_INTERRUPT_WINDOW = offset(LAYOUT, "request_interrupt_window");
    public static final long EXIT_REASON = offset(LAYOUT, "exit_reason");
    public static final long READY_FOR_INTERRUPT_INJECTION =
            offset(LAYOUT, "ready_for_interrupt_injection");
    public static final long IF_FLAG = offset(LAYOUT, "if_flag");
    public static final long CR8 = offset(LAYOUT, "cr8");
    public static final long APIC_BASE = offset(LAYOUT, "apic_base");
    private static final long IMMEDIATE_EXIT = offset(LAYOUT, "immediate_exit");
    private static final long EXIT = offset(LAYOUT, "exit");

    /** Bits of the two below. */
    static final long SYNC_X86_REGS = 1 << 0, SYNC_X86_SREGS = 1 << 1;

    static final long KVM_VALID_REGS = offset(LAYOUT, "kvm_valid_regs");
    static final long KVM_DIRTY_REGS = offset(LAYOUT, "kvm_dirty_regs");
    static final long SYNC_REGS = offset(LAYOUT, "s.regs.regs");
    static final long SYNC_SREGS = offset(LAYOUT, "s.regs.sregs");

    // Of EXIT_IO.
    private static final long IO_DIRECTION = EXIT + offset(IO, "direction");
    public static final long IO_SIZE = EXIT + offset(IO, "size");
    public static final long IO_PORT = EXIT + offset(IO, "port");
    public static final long IO_COUNT = EXIT + offset(IO, "count");
    public static final long IO_DATA_OFFSET = EXIT + offset(IO, "data_offset");
    private static final int IO_OUT = 1;

    // Of EXIT_MMIO.
    public static final long MMIO_PHYS_ADDR = EXIT + offset(MMIO, "phys_addr");
    public static final long MMIO_DATA = EXIT + offset(MMIO, "data");
    public static final long MMIO_LEN = EXIT + offset(MMIO, "len");
    public static final long MMIO_IS_WRITE = EXIT + offset(MMIO, "is_write");

    KvmRun(MemorySegment mapped) {
        super(mapped);
    }

    public int exitReason() {
        return u32(EXIT_REASON);
    }

    public boolean out() {
        return u8(IO_DIRECTION) == IO_OUT;
    }

    void copyTo(KvmStruct to, long offset, long bytes) {
        MemorySegment.copy(segment, offset, to.segment, 0, bytes);
    }

    /**
     * @param dirty what the kernel takes over when the vCPU runs next
     */
    void copyFrom(KvmStruct from, long offset, long bytes, long dirty) {
        MemorySegment.copy(from.segment, 0, segment, offset, bytes);
        u64(KVM_DIRTY_REGS, u64(KVM_DIRTY_REGS) | dirty);
    }

    /** Seen by the kernel before it enters the guest; set on any thread. */
    void immediateExit(boolean exit) {
        segment.set(JAVA_BYTE, IMMEDIATE_EXIT, (byte) (exit ? 1 : 0));
    }
}
