package trivium.devices.pc.interrupt;

import trivium.bus.SharedRegister;

/**
 * One Intel 8259A priority interrupt controller in 8086 mode (Intel 8259A data sheet). An edge is
 * latched until it is acknowledged, even if the line drops, as chipsets with an ELCR do it. Not
 * modelled: MCS-80/85 vectoring, buffered mode, and ICW1's LTIM, which the PIIX3 replaces by ELCR.
 */
final class I8259 {
    private static final int NONE = 8;
    private static final int ICW1 = 0x10, ICW1_IC4 = 1, ICW1_SNGL = 2, OCW3 = 0x08;

    /** Saved registers. */
    record State(
            int lines,
            int irr,
            int imr,
            int isr,
            int elcr,
            int vectorBase,
            int lowest,
            int initStep,
            boolean wantsIcw4,
            boolean single,
            boolean autoEoi,
            boolean rotateOnAutoEoi,
            boolean specialMask,
            boolean fullyNested,
            boolean readIsr,
            boolean poll) {}

    private final boolean master;
    private final int elcrMask;
    private int lines, irr, isr, elcr;

    /** The mask, behind the data port. */
    private final SharedRegister imr;

    private int vectorBase;

    /** The input of lowest priority: 7 unless rotated. */
    private int lowest;

    /** The ICW the data port takes next, or 0 if it takes OCW1. */
    private int initStep;

    private boolean wantsIcw4, single;
    private boolean autoEoi, rotateOnAutoEoi, specialMask, fullyNested, readIsr, poll;

    I8259(boolean master, int elcrMask, SharedRegister imr) {
        this.imr = imr;
        this.master = master;
        this.elcrMask = elcrMask;
        reset();
    }

    void reset() {
        elcr = 0;
        initialize();
        initStep = 0;
    }

    /** Data sheet "Initialization Command Words 1 and 2": what ICW1 clears. */
    private void initialize() {
        imr.allow(false, false);
        irr = lines & elcr;
        imr.set(0);
        isr = 0;
        vectorBase = 0;
        lowest = 7;
        wantsIcw4 = single = false;
        autoEoi = rotateOnAutoEoi = specialMask = fullyNested = readIsr = poll = false;
    }

    void setLine(int n, boolean asserted) {
        int bit = 1 << n;
        boolean was = (lines & bit) != 0;
        lines = asserted ? lines | bit : lines & ~bit;
        if ((elcr & bit) != 0) {
            irr = asserted ? irr | bit : irr & ~bit;
        } else if (asserted && !was) {
            irr |= bit;
        }
    }

    /** Rank of the highest-priority input in {@code set}: 0 is served first, 8 is none. */
    private int rank(int set) {
        for (int r = 0; r < NONE; r++) {
            if ((set & 1 << (lowest + 1 + r & 7)) != 0) {
                return r;
            }
        }
        return NONE;
    }

    /**
     * The input INT is asserted for, or -1. To be asked after each change: from then on CPUs may
     * write the mask by themselves, but for the bits of inputs that request.
     */
    int requested() {
        imr.allow(!poll, initStep == 0 && !specialMask, irr);
        if (irr == 0) {
            return -1;
        }
        int mask = imr.get();
        int request = rank(irr & ~mask);
        if (request == NONE) {
            return -1;
        }
        int inService = specialMask ? isr & ~mask : isr;
        if (fullyNested && master) {
            inService &= ~(1 << I8259Pair.CASCADE);
        }
        return request < rank(inService) ? lowest + 1 + request & 7 : -1;
    }

    /** INTA for {@code n}. */
    void acknowledge(int n) {
        if (autoEoi) {
            if (rotateOnAutoEoi) {
                lowest = n;
            }
        } else {
            isr |= 1 << n;
        }
        if ((elcr & 1 << n) == 0) {
            irr &= ~(1 << n);
        }
    }

    int vector(int n) {
        return vectorBase | n;
    }

    int readCommandPort() {
        if (poll) {
            poll = false;
            int n = requested();
            if (n < 0) {
                return 0;
            }
            acknowledge(n);
            return 0x80 | n;
        }
        return readIsr ? isr : irr;
    }

    int readDataPort() {
        return poll ? readCommandPort() : imr.get();
    }

    void writeCommandPort(int value) {
        if ((value & ICW1) != 0) {
            initialize();
            initStep = 2;
            wantsIcw4 = (value & ICW1_IC4) != 0;
            single = (value & ICW1_SNGL) != 0;
        } else if ((value & OCW3) != 0) {
            ocw3(value);
        } else {
            ocw2(value >>> 5, value & 7);
        }
    }

    private void ocw3(int value) {
        poll = (value & 4) != 0;
        if ((value & 2) != 0) {
            readIsr = (value & 1) != 0;
        }
        if ((value & 0x40) != 0) {
            specialMask = (value & 0x20) != 0;
        }
    }

    private void ocw2(int command, int n) {
        switch (command) {
            case 0 -> rotateOnAutoEoi = false;
            case 1 -> endOfInterrupt(false);
            case 3 -> isr &= ~(1 << n);
            case 4 -> rotateOnAutoEoi = true;
            case 5 -> endOfInterrupt(true);
            case 6 -> lowest = n;
            case 7 -> {
                isr &= ~(1 << n);
                lowest = n;
            }
            default -> {} // 2: no operation
        }
    }

    /** Non-specific EOI; in special mask mode masked levels are passed over. */
    private void endOfInterrupt(boolean rotate) {
        int r = rank(specialMask ? isr & ~imr.get() : isr);
        if (r != NONE) {
            int n = lowest + 1 + r & 7;
            isr &= ~(1 << n);
            if (rotate) {
                lowest = n;
            }
        }
    }

    void writeDataPort(int value) {
        switch (initStep) {
            case 2 -> {
                vectorBase = value & 0xf8;
                initStep = single ? afterCascade() : 3;
            }
            case 3 -> initStep = afterCascade();
            case 4 -> {
                fullyNested = (value & 0x10) != 0;
                autoEoi = (value & 2) != 0;
                initStep = 0;
            }
            default -> imr.set(value);
        }
    }

    private int afterCascade() {
        return wantsIcw4 ? 4 : 0;
    }

    int elcr() {
        return elcr;
    }

    void setElcr(int value) {
        elcr = value & elcrMask;
        irr = irr & ~elcr | lines & elcr;
    }

    State save() {
        return new State(
                lines,
                irr,
                imr.get(),
                isr,
                elcr,
                vectorBase,
                lowest,
                initStep,
                wantsIcw4,
                single,
                autoEoi,
                rotateOnAutoEoi,
                specialMask,
                fullyNested,
                readIsr,
                poll);
    }

    void restore(State s) {
        lines = s.lines;
        irr = s.irr;
        imr.set(s.imr);
        isr = s.isr;
        elcr = s.elcr;
        vectorBase = s.vectorBase;
        lowest = s.lowest & 7;
        initStep = s.initStep;
        wantsIcw4 = s.wantsIcw4;
        single = s.single;
        autoEoi = s.autoEoi;
        rotateOnAutoEoi = s.rotateOnAutoEoi;
        specialMask = s.specialMask;
        fullyNested = s.fullyNested;
        readIsr = s.readIsr;
        poll = s.poll;
    }
}
