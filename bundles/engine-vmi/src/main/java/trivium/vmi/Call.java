package trivium.vmi;

/** The calls of VMI 3.0, in the order of their numbers, and how relocation answers for each. */
enum Call {
    // spotless:off
    CPUID, WRMSR, RDMSR, SET_GDT, SET_LDT, SET_IDT, SET_TR, GET_GDT, GET_LDT, GET_IDT, GET_TR,
    WRITE_GDT_ENTRY, WRITE_LDT_ENTRY, WRITE_IDT_ENTRY, UPDATE_KERNEL_STACK,
    SET_CR0, SET_CR2, SET_CR3, SET_CR4, GET_CR0, GET_CR2, GET_CR3, GET_CR4, WBINVD, SET_DR, GET_DR,
    RDPMC, RDTSC, CLTS, ENABLE_INTERRUPTS, DISABLE_INTERRUPTS, GET_INTERRUPT_MASK,
    SET_INTERRUPT_MASK, IRET, SYSEXIT, HALT, REBOOT, SHUTDOWN,
    SET_PXE, SET_PXE_LONG, UPDATE_PXE, UPDATE_PXE_LONG, MACHINE_TO_PHYSICAL, PHYSICAL_TO_MACHINE,
    ALLOCATE_PAGE, RELEASE_PAGE, INVAL_PAGE, FLUSH_TLB, SET_LINEAR_MAPPING,
    INL, INB, INW, INSL, INSB, INSW, OUTL, OUTB, OUTW, OUTSL, OUTSB, OUTSW, SET_IOPL_MASK,
    SET_INITIAL_AP_STATE, APIC_WRITE, APIC_READ, IO_DELAY,
    GET_CYCLE_FREQUENCY, GET_CYCLE_COUNTER, SET_ALARM, CANCEL_ALARM, GET_WALLCLOCK_TIME,
    WALLCLOCK_UPDATED, SET_CALLBACKS, SET_LAZY_MODE;
    // spotless:on

    /** Relocation types: what a caller shall make of its call. */
    static final int NONE = 0, CALL_REL = 1, NOP = 3;

    private static final Call[] ALL = values();

    int number() {
        return ordinal();
    }

    static int count() {
        return ALL.length;
    }

    static Call of(int number) {
        return ALL[number];
    }

    /** Nobody knows the arguments of SetCallbacks, and nobody calls it. */
    int relocation() {
        return switch (this) {
            case SET_CALLBACKS -> NONE;
            case IO_DELAY -> NOP;
            default -> CALL_REL;
        };
    }
}
