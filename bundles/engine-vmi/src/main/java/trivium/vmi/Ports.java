package trivium.vmi;

/**
 * The ports by which the ROM, {@link VmiDevice} and {@link VmiEngine} talk, all of four bytes. The
 * ROM reads one with its arguments in EAX, EBX, ECX, ESI and EDI; results are in EAX and, where the
 * call has 64 bits, EDX. A guest may do so itself: it can do to itself what its kernel can.
 */
final class Ports {
    static final int BASE = 0x56c0, COUNT = 64;

    /** What the ROM and the device have to agree about; a ROM of another version says no. */
    static final int PROTOCOL = 1;

    // spotless:off
    /** VMI_Init: EAX protocol. */
    static final int INIT = BASE;

    /** EAX register; of writes EBX value. */
    static final int APIC_READ = BASE + 0x04, APIC_WRITE = BASE + 0x08;

    /** The stolen cycles; the engine reports them by OUT, the low half first. */
    static final int STOLEN = BASE + 0x0c, STOLEN_HIGH = BASE + 0x38;

    /** EAX flags, EDI:ESI cycles from now to the expiry, ECX:EBX period. */
    static final int SET_ALARM = BASE + 0x10;

    /** EAX flags. */
    static final int CANCEL_ALARM = BASE + 0x14;

    static final int WALLCLOCK = BASE + 0x18, WALLCLOCK_UPDATED = BASE + 0x1c;

    /** EBX APIC id; then its state in doublewords, by OUT. */
    static final int AP_STATE = BASE + 0x20;

    static final int SHUTDOWN = BASE + 0x24;

    /** Of the device, for the engine: FOUND, FRESH, AP_READY; OUT says who serves the calls. */
    static final int STATUS = BASE + 0x28;

    /** The state this vCPU shall start with: OUT says which doubleword, all ones to forget it. */
    static final int AP_OWN = BASE + 0x2c;

    static final int VIRTUAL_TOP = BASE + 0x30;

    /** Served by the engine alone: EAX is an address; 0 if there is no engine to do it. */
    static final int INVALIDATE = BASE + 0x34;
    // spotless:on

    /** VMI_Init was called since the last reset. */
    static final int FOUND = 1;

    /** The guest did nothing yet since the last reset. */
    static final int FRESH = 2;

    /** SetInitialAPState was called for this vCPU. */
    static final int AP_READY = 4;

    /** What STATUS has in its upper half, to be told from an empty port. */
    static final int SIGNATURE = 0x564d_0000, SIGNATURE_MASK = 0xffff_0000;

    private Ports() {}
}
