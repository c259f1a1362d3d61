package trivium.vt;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import trivium.hostos.Kvm;
import trivium.hostos.KvmRun;
import trivium.vt.TinyGuest.Mode;

/**
 * What KVM is good for on this host, found out by running guest code.
 *
 * @param mips guest instructions a second in each mode, in millions; 0: KVM cannot run it
 * @param exitNanos what a port access of ring 0 costs, to here and back
 * @param trapNanos what an exception in ring 3 without an IDT costs, to here and back; 0: the state
 *     is lost then
 * @param userCpuidIsGuests whether CPUID in ring 3 gets the guest's answer, not the host's
 * @param umip whether SGDT and the like fault in ring 3 where CR4.UMIP is set
 * @param ownTsc whether the guest's time-stamp counter can run at a rate of its own
 */
record Measurement(
        Map<Mode, Double> mips,
        double exitNanos,
        double trapNanos,
        boolean userCpuidIsGuests,
        boolean umip,
        boolean ownTsc) {
    private static final int INSTRUCTIONS_PER_ROUND = 3;
    private static final int RAX = 0, RBX = 3;

    /** A tenth of what the slowest host of the last 20 years does natively. */
    private static final double NATIVE_MIPS = 100;

    // INC EAX; INC EBX; JMP back: the short encodings of 16 and 32 bits, and those of 64 bits.
    private static final int[] LOOP_32 = {0x40, 0x43, 0xeb, 0xfc};
    private static final int[] LOOP_64 = {0x48, 0xff, 0xc0, 0x48, 0xff, 0xc3, 0xeb, 0xf8};

    private static final int[] OUT_LOOP = {0xe6, 0x80, 0xeb, 0xfc};
    private static final int[] UD2 = {0x0f, 0x0b}, INT3 = {0xcc};
    private static final long AFTER_INT3 = TinyGuest.CODE + 1;

    /** SGDT, SIDT to the stack; SLDT, STR, SMSW to EAX. */
    private static final int[][] UMIP = {
        {0x0f, 0x01, 0x04, 0x24},
        {0x0f, 0x01, 0x0c, 0x24},
        {0x0f, 0x00, 0xc0},
        {0x0f, 0x00, 0xc8},
        {0x0f, 0x01, 0xe0}
    };

    private static final int[] CPUID_0_UD2 = {0x31, 0xc0, 0x0f, 0xa2, 0x0f, 0x0b};

    private static final class Quick {
        static final Measurement DONE = quick();

        private static Measurement quick() {
            try {
                return of(4_000_000);
            } catch (IOException e) {
                throw new IllegalStateException("KVM cannot be measured", e);
            }
        }
    }

    /** A look of 2 ms at what tells most hosts apart, made once. */
    private static final class Look {
        static final boolean RING_0_NATIVE = ring0Native();

        private static boolean ring0Native() {
            try (Kvm kvm = Kvm.open();
                    TinyGuest guest = new TinyGuest(kvm)) {
                return speed(guest, Mode.LONG_64, 2_000_000) >= NATIVE_MIPS;
            } catch (IOException e) {
                throw new IllegalStateException("KVM cannot be measured", e);
            }
        }
    }

    /** Whether the host's CPU runs 64-bit kernels. */
    static boolean ring0Native() {
        return Look.RING_0_NATIVE;
    }

    /** One of some 40 ms, made once. */
    static Measurement quick() {
        return Quick.DONE;
    }

    /**
     * @param nanos for each of nine parts
     */
    static Measurement of(long nanos) throws IOException {
        try (Kvm kvm = Kvm.open();
                TinyGuest guest = new TinyGuest(kvm)) {
            Map<Mode, Double> mips = new EnumMap<>(Mode.class);
            for (Mode mode : Mode.values()) {
                mips.put(mode, speed(guest, mode, nanos));
            }
            return new Measurement(
                    mips,
                    exit(guest, nanos),
                    trap(guest, nanos),
                    cpuidIsGuests(guest),
                    umip(guest),
                    kvm.extension(Kvm.CAP_TSC_CONTROL) != 0);
        }
    }

    private static double speed(TinyGuest guest, Mode mode, long nanos) throws IOException {
        guest.set(mode, mode.bits == 64 ? LOOP_64 : LOOP_32);
        long took = guest.runFor(nanos, KvmRun.EXIT_INTR);
        long rounds = guest.gpr(RAX) & 0xffff_ffffL;
        if (mode.bits == 16) {
            rounds = wrapped(guest, took, nanos);
        }
        return took == 0 ? 0 : rounds * INSTRUCTIONS_PER_ROUND * 1e3 / took;
    }

    /** 16-bit registers wrap too soon to be read. */
    private static long wrapped(TinyGuest guest, long before, long nanos) throws IOException {
        if (before == 0) {
            return 0;
        }
        // the same with operand-size prefixes
        guest.set(Mode.REAL_16, 0x66, 0x40, 0x66, 0x43, 0xeb, 0xfa);
        guest.runFor(nanos, KvmRun.EXIT_INTR);
        return guest.gpr(RBX) & 0xffff_ffffL;
    }

    private static double exit(TinyGuest guest, long nanos) throws IOException {
        guest.set(Mode.LONG_64, OUT_LOOP);
        long took = guest.runFor(nanos, KvmRun.EXIT_IO);
        return guest.exits == 0 ? 0 : (double) took / guest.exits;
    }

    private static double trap(TinyGuest guest, long nanos) throws IOException {
        guest.set(Mode.USER_64, INT3);
        if (guest.run() != KvmRun.EXIT_SHUTDOWN || guest.faulted() || guest.rip() != AFTER_INT3) {
            return 0;
        }
        guest.set(Mode.USER_64, UD2);
        if (guest.run() != KvmRun.EXIT_SHUTDOWN
                || !guest.faulted()
                || guest.rip() != TinyGuest.CODE) {
            return 0;
        }
        long took = guest.runFor(nanos, KvmRun.EXIT_SHUTDOWN);
        return guest.exits == 0 || guest.rip() != TinyGuest.CODE ? 0 : (double) took / guest.exits;
    }

    private static boolean umip(TinyGuest guest) throws IOException {
        for (int[] code : UMIP) {
            guest.set(Mode.USER_64, code);
            guest.setUmip();
            if (guest.run() != KvmRun.EXIT_SHUTDOWN || guest.rip() != TinyGuest.CODE) {
                return false;
            }
        }
        return true;
    }

    private static boolean cpuidIsGuests(TinyGuest guest) throws IOException {
        guest.set(Mode.USER_64, CPUID_0_UD2);
        guest.run();
        return (int) guest.gpr(RBX) == TinyGuest.VENDOR;
    }

    /** Whether the host's CPU runs guest code of a mode, rather than KVM's emulator. */
    boolean isNative(Mode mode) {
        return mips.get(mode) >= NATIVE_MIPS;
    }

    /** Whether the host's CPU runs kernels of every kind. */
    boolean kernelsNative() {
        return isNative(Mode.LONG_64) && isNative(Mode.PAGED_32) && isNative(Mode.PROTECTED_32);
    }

    /** Whether it is better than translation for every guest. */
    boolean preferred() {
        return kernelsNative() && ownTsc;
    }

    /** Whether running ring 3 alone in KVM is possible and of use. */
    boolean userAlone() {
        return !kernelsNative() && isNative(Mode.USER_64) && trapNanos > 0;
    }
}
