package trivium.devices.pc.interrupt;

import java.util.Arrays;
import java.util.List;
import trivium.cpu.LocalApic;
import trivium.device.ApicBus;
import trivium.devices.pc.States;

/**
 * The local APIC of one vCPU (SDM Vol. 3A "Advanced Programmable Interrupt Controller"). Everything
 * runs with the monitor of the APIC bus held, but for the two volatile answers below. Not modelled:
 * x2APIC, TSC-deadline mode, SMIs, focus processors, LINT pins in level mode.
 */
final class Lapic implements LocalApic {
    static final int FIXED = 0, LOWEST = 1, NMI = 4, INIT = 5, STARTUP = 6, EXTINT = 7;
    private static final int VERSION = 0x0005_0014;
    private static final int LVT_MASKED = 1 << 16, LVT_PERIODIC = 1 << 17, SVR_ENABLE = 1 << 8;

    /** LVT entries in register order; 1, 2 and 4 are thermal, performance and LINT1. */
    private static final int TIMER = 0, LINT0 = 3, ERROR = 5, LVTS = 6;

    /** Bits of each LVT entry the guest may write. */
    private static final int[] LVT_BITS = {0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff};

    static final int SEND_ILLEGAL_VECTOR = 1 << 5, RECEIVE_ILLEGAL_VECTOR = 1 << 6;
    private static final int ILLEGAL_REGISTER = 1 << 7;
    private static final long BASE_ENABLE = 1 << 11;
    private static final int ICR_WRITABLE = 0xc_cfff;

    /** Saved registers. */
    record State(
            int id,
            int tpr,
            int ldr,
            int dfr,
            int svr,
            int[] irr,
            int[] isr,
            int[] tmr,
            int[] lvt,
            int esr,
            int errors,
            int icrLow,
            int icrHigh,
            boolean hardwareEnabled,
            ApicTimer.State timer) {}

    /** What a register write asks of the bus once it is done here. */
    interface Bus {
        void interprocessor(Lapic from, int icrLow, int icrHigh);

        /** A level-triggered vector was ended; told after the monitor is released. */
        void ended(int vector);

        void moved(Lapic apic, long base);

        int read(Lapic apic, int offset);

        void write(Lapic apic, int offset, int value);
    }

    private final int index;
    private final Object monitor;
    private final Bus bus;
    private final ApicTimer timer;
    private final VectorSet irr = new VectorSet(), isr = new VectorSet(), tmr = new VectorSet();
    private final int[] lvt = new int[LVTS];
    private int id, tpr, ldr, dfr, svr;
    private int esr, errors, icrLow, icrHigh;
    private boolean hardwareEnabled;
    private ApicBus.Target target = NOBODY;

    /** Read by the vCPU and the PIC without the monitor. */
    private volatile boolean pending, acceptsPic;

    /** Stands for a vCPU that is not connected yet. */
    private static final ApicBus.Target NOBODY =
            new ApicBus.Target() {
                @Override
                public void update() {}

                @Override
                public void nmi() {}

                @Override
                public void init() {}

                @Override
                public void sipi(int vector) {}
            };

    Lapic(int index, Object monitor, Bus bus, ApicTimer timer) {
        this.index = index;
        this.monitor = monitor;
        this.bus = bus;
        this.timer = timer;
        id = index;
        hardwareEnabled = true;
        clear();
    }

    /** SDM Vol. 3A "Local APIC State After Power-Up or Reset"; LINT0 as firmware leaves it. */
    private void clear() {
        tpr = ldr = esr = errors = icrLow = icrHigh = 0;
        dfr = -1;
        svr = 0xff;
        irr.clear();
        isr.clear();
        tmr.clear();
        Arrays.fill(lvt, LVT_MASKED);
        if (index == 0) {
            lvt[LINT0] = EXTINT << 8; // so that the PIC works before anybody knows of APICs
        }
        timer.reset();
        publish();
    }

    void powerOn() {
        hardwareEnabled = true;
        id = index;
        clear();
        target.update();
    }

    void connect(ApicBus.Target to) {
        target = to;
        to.update();
    }

    // --- LocalApic: on the vCPU's thread

    @Override
    public int id() {
        return index;
    }

    @Override
    public void setBase(long apicBaseMsr) {
        synchronized (monitor) {
            boolean enable = (apicBaseMsr & BASE_ENABLE) != 0;
            if (hardwareEnabled && !enable) {
                clear();
                id = index;
            }
            hardwareEnabled = enable;
            bus.moved(this, apicBaseMsr & 0xf_ffff_f000L);
            changed();
        }
    }

    @Override
    public int taskPriority() {
        synchronized (monitor) {
            return tpr >>> 4;
        }
    }

    @Override
    public void setTaskPriority(int priorityClass) {
        synchronized (monitor) {
            tpr = (priorityClass & 15) << 4;
            changed();
        }
    }

    @Override
    public void reset() {
        synchronized (monitor) {
            clear();
            target.update();
        }
    }

    @Override
    public int readRegister(int offset) {
        return bus.read(this, offset);
    }

    @Override
    public void writeRegister(int offset, int value) {
        bus.write(this, offset, value);
    }

    @Override
    public void timerInterrupt() {
        synchronized (monitor) {
            raiseTimer();
        }
    }

    // --- delivery

    boolean pending() {
        return pending;
    }

    boolean acceptsPic() {
        return acceptsPic;
    }

    boolean hardwareEnabled() {
        return hardwareEnabled;
    }

    boolean softwareEnabled() {
        return hardwareEnabled && (svr & SVR_ENABLE) != 0;
    }

    /** SDM Vol. 3A "Determining IPI Destination". */
    boolean matches(int destination, boolean logical) {
        if (!hardwareEnabled) {
            return false;
        }
        if (destination == 0xff) {
            return true;
        }
        if (!logical) {
            return destination == id;
        }
        int mine = ldr >>> 24;
        if (dfr >>> 28 == 15) {
            return (mine & destination) != 0;
        }
        return (mine ^ destination) >>> 4 == 0 && (mine & destination & 15) != 0;
    }

    int processorPriority() {
        int serving = Math.max(0, isr.highest());
        return tpr >>> 4 >= serving >>> 4 ? tpr : serving & 0xf0;
    }

    void deliver(int mode, int vector, boolean level) {
        switch (mode) {
            case FIXED, LOWEST -> accept(vector, level);
            case NMI -> target.nmi();
            case INIT -> target.init();
            case STARTUP -> target.sipi(vector);
            default -> {} // SMI and reserved modes
        }
    }

    private void accept(int vector, boolean level) {
        if (!softwareEnabled()) {
            return;
        }
        if (vector < 16) {
            error(RECEIVE_ILLEGAL_VECTOR);
            return;
        }
        irr.add(vector);
        if (level) {
            tmr.add(vector);
        } else {
            tmr.remove(vector);
        }
        changed();
    }

    void error(int bit) {
        boolean fresh = (errors & bit) == 0;
        errors |= bit;
        int entry = lvt[ERROR];
        if (fresh && (entry & LVT_MASKED) == 0 && (entry & 0xff) >= 16) {
            accept(entry & 0xff, false);
        }
    }

    private int deliverable() {
        int vector = softwareEnabled() ? irr.highest() : -1;
        return vector >>> 4 > processorPriority() >>> 4 && vector >= 0 ? vector : -1;
    }

    private void publish() {
        pending = deliverable() >= 0;
        boolean extInt = (lvt[LINT0] & (LVT_MASKED | 0x700)) == EXTINT << 8;
        acceptsPic = hardwareEnabled ? extInt : index == 0;
    }

    private void changed() {
        publish();
        target.update();
    }

    int acknowledge() {
        int vector = deliverable();
        if (vector >= 0) {
            irr.remove(vector);
            isr.add(vector);
        }
        publish();
        return vector;
    }

    private void endOfInterrupt() {
        int vector = isr.highest();
        if (vector < 0) {
            return;
        }
        isr.remove(vector);
        changed();
        if (tmr.contains(vector)) {
            bus.ended(vector);
        }
    }

    /** A rising edge at LINT0; ExtINT is the vCPU's own business with the PIC. */
    void lint0() {
        int entry = lvt[LINT0];
        int mode = entry >>> 8 & 7;
        if ((entry & LVT_MASKED) == 0 && mode != EXTINT && hardwareEnabled) {
            deliver(mode, entry & 0xff, false);
        }
    }

    void timerFired() {
        if (timer.expired()) {
            raiseTimer();
        }
    }

    private void raiseTimer() {
        if ((lvt[TIMER] & LVT_MASKED) == 0) {
            accept(lvt[TIMER] & 0xff, false);
        }
    }

    // --- registers: SDM Vol. 3A "Local APIC Register Address Map"

    int read(int register) {
        return switch (register) {
            case 0x02 -> id << 24;
            case 0x03 -> VERSION;
            case 0x08 -> tpr;
            case 0x09 -> 0; // arbitration priority: Pentium only
            case 0x0a -> processorPriority();
            case 0x0b, 0x0c -> 0;
            case 0x0d -> ldr;
            case 0x0e -> dfr;
            case 0x0f -> svr;
            case 0x28 -> esr;
            case 0x30 -> icrLow;
            case 0x31 -> icrHigh;
            case 0x38 -> timer.initial();
            case 0x39 -> timer.current();
            case 0x3e -> timer.divide();
            default -> readTable(register);
        };
    }

    private int readTable(int register) {
        int word = register & 7;
        return switch (register >> 3) {
            case 2 -> isr.words[word];
            case 3 -> tmr.words[word];
            case 4 -> irr.words[word];
            default -> {
                int entry = lvtEntry(register);
                if (entry < 0) {
                    error(ILLEGAL_REGISTER);
                    yield 0;
                }
                yield lvt[entry];
            }
        };
    }

    /** Registers 32 to 37: timer, thermal, performance, LINT0, LINT1, error. */
    private static int lvtEntry(int register) {
        return register >= 0x32 && register < 0x32 + LVTS ? register - 0x32 : -1;
    }

    void write(int register, int value) {
        switch (register) {
            case 0x02 -> id = value >>> 24;
            case 0x08 -> {
                tpr = value & 0xff;
                changed();
            }
            case 0x0b -> endOfInterrupt();
            case 0x0d -> ldr = value & 0xff00_0000;
            case 0x0e -> dfr = value | 0x0fff_ffff;
            case 0x0f -> writeSpurious(value);
            case 0x28 -> {
                esr = errors; // a write makes what has gathered readable
                errors = 0;
            }
            case 0x30 -> {
                icrLow = value & ICR_WRITABLE;
                bus.interprocessor(this, icrLow, icrHigh);
            }
            case 0x31 -> icrHigh = value & 0xff00_0000;
            case 0x38 -> timer.setInitial(value);
            case 0x3e -> timer.setDivide(value);
            default -> writeLvt(register, value);
        }
    }

    private void writeSpurious(int value) {
        svr = value & 0x3ff;
        if ((svr & SVR_ENABLE) == 0) {
            for (int i = 0; i < LVTS; i++) {
                lvt[i] |= LVT_MASKED;
            }
        }
        changed();
    }

    private void writeLvt(int register, int value) {
        int entry = lvtEntry(register);
        if (entry < 0) {
            if (register < 0x10 || register > 0x27) { // ISR, TMR and IRR are read-only
                error(ILLEGAL_REGISTER);
            }
            return;
        }
        int bits = value & LVT_BITS[entry];
        lvt[entry] = (svr & SVR_ENABLE) == 0 ? bits | LVT_MASKED : bits;
        if (entry == TIMER) {
            timer.setPeriodic((bits & LVT_PERIODIC) != 0);
        }
        changed();
    }

    State save() {
        return new State(
                id,
                tpr,
                ldr,
                dfr,
                svr,
                irr.words.clone(),
                isr.words.clone(),
                tmr.words.clone(),
                lvt.clone(),
                esr,
                errors,
                icrLow,
                icrHigh,
                hardwareEnabled,
                timer.save());
    }

    void restore(State s) {
        id = s.id;
        tpr = s.tpr;
        ldr = s.ldr;
        dfr = s.dfr;
        svr = s.svr;
        States.copy(s.irr, irr.words);
        States.copy(s.isr, isr.words);
        States.copy(s.tmr, tmr.words);
        States.copy(s.lvt, lvt);
        esr = s.esr;
        errors = s.errors;
        icrLow = s.icrLow;
        icrHigh = s.icrHigh;
        hardwareEnabled = s.hardwareEnabled;
        timer.restore(s.timer);
        changed();
    }

    static List<State> saveAll(Lapic[] apics) {
        return Arrays.stream(apics).map(Lapic::save).toList();
    }
}
