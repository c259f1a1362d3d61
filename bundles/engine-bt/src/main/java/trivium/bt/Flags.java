package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T2;

/**
 * Where the guest's status flags are, after the instructions of a block emitted so far, and the
 * host code that moves them.
 */
final class Flags {
    /** At some point: see the fields. */
    record Place(boolean in, boolean noCf, boolean saved, boolean dead, FlagSource source) {}

    private final Gen g;
    private final Asm a;

    /** In the host's EFLAGS; without CF, which {@link Area#FLAGS} has, if noCf. */
    private boolean in, noCf;

    /** In {@link Area#FLAGS}. */
    private boolean saved;

    /** Of no interest to anybody. */
    private boolean dead;

    /** Computable from registers, if not null. */
    private FlagSource source;

    /** Where they were when only what is behind the present instruction was asked for; or null. */
    private Place lastSeen;

    /** What can be seen of the flags before and after the present instruction. */
    private int seenBefore, seenAfter;

    private int index;

    /** By instruction: whether it stores an operand for the flags, see {@link #keep}. */
    boolean[] keeps;

    Flags(Gen g) {
        this.g = g;
        a = g.a;
    }

    void begin(int instructions, FlagSource entry) {
        keeps = new boolean[instructions];
        in = false;
        noCf = false;
        dead = false;
        saved = entry == null;
        source = entry;
    }

    void instruction(int index, int seenBefore, int seenAfter) {
        this.index = index;
        lastSeen = null;
        this.seenBefore = seenBefore;
        this.seenAfter = seenAfter;
    }

    int seenAfter() {
        return seenAfter;
    }

    /** The next host code destroys EFLAGS: what is there and still of interest is kept. */
    void clobber() {
        if (!in) {
            return;
        }
        if (seenBefore == 0) {
            dead = true;
        } else if (!(saved && !noCf) && source == null) {
            save();
        }
        in = false;
    }

    /** The same before two guest registers change, after exits that show the old flags. */
    void clobberBut(int one, int other) {
        if (source != null && (source.uses(one) || source.uses(other))) {
            materialize();
        } else {
            clobber();
        }
    }

    /** EFLAGS to memory; they stay in EFLAGS, too. */
    private void save() {
        emitSave();
        saved = true;
    }

    private void emitSave() {
        a.mov(8, T2, RAX);
        a.lahf();
        a.setcc(O, Rm.reg(RAX));
        a.store(2, Rm.gs(Area.FLAGS), RAX);
        a.mov(8, RAX, T2);
    }

    /** Makes all flags be in EFLAGS. */
    void require() {
        if (in && !noCf) {
            return;
        }
        if (source != null) {
            recompute(source);
            source = null;
        } else {
            load();
        }
        saved &= !noCf;
        in = true;
        noCf = false;
        dead = false;
    }

    /** From memory to EFLAGS; T2 is lost. */
    void load() {
        a.mov(8, T2, RAX);
        a.extend(false, 2, 4, RAX, Rm.gs(Area.FLAGS));
        a.aluImm(ADD, 1, Rm.reg(RAX), 0x7f);
        a.sahf();
        a.mov(8, RAX, T2);
    }

    /** Makes EFLAGS good for a look at some flags. */
    void require(int mask) {
        if (!(in && noCf && (mask & FlagUse.C) == 0)) {
            FlagSource kept = source;
            boolean wasIn = in;
            require();
            // A compare can be done again as often as anybody likes.
            if (!wasIn && kept != null && !kept.needsCf()) {
                source = kept;
            }
        }
    }

    /** Flags that the host computes now, all of them. */
    void produced(FlagSource how) {
        in = true;
        noCf = false;
        saved = false;
        dead = seenAfter == 0;
        source = how;
        if (dead) {
            in = false;
            source = null;
        }
    }

    /** Prepares a host instruction that changes only some flags, or perhaps none. */
    void prepareUpdate(int overwritten) {
        if ((seenAfter & ~overwritten) != 0) {
            require();
        }
    }

    /** INC and DEC: CF may stay where it is, in memory. */
    void incDec(boolean increment, int size, int guest, Runnable emit) {
        if ((seenAfter & FlagUse.C) == 0) {
            emit.run();
            produced(null);
            return;
        }
        boolean cfInMemory = saved && !in || in && noCf && saved;
        if (!cfInMemory) {
            require();
            emit.run();
            produced(null);
            return;
        }
        emit.run();
        in = true;
        noCf = true;
        saved = true;
        dead = false;
        source =
                guest < 0
                        ? null
                        : new FlagSource(
                                increment ? FlagSource.Kind.INC : FlagSource.Kind.DEC,
                                size,
                                guest,
                                -1,
                                0);
        if (source == null) {
            mergeCf();
        }
    }

    /** All flags but CF are in EFLAGS, CF is in memory: all to memory. */
    private void mergeCf() {
        a.mov(8, T2, RAX);
        a.lahf();
        a.setcc(O, Rm.reg(RAX));
        a.aluImm(AND, 4, Rm.reg(RAX), 0xfeff);
        a.aluImm(AND, 2, Rm.gs(Area.FLAGS), 0x100);
        a.aluTo(OR, 2, Rm.gs(Area.FLAGS), RAX);
        a.mov(8, RAX, T2);
        in = false;
        noCf = false;
        saved = true;
    }

    /** A guest register is about to change: flags that depend on it are computed first. */
    void willWrite(int guest) {
        if (source == null || !source.uses(guest)) {
            return;
        }
        if (seenAfter == 0) {
            lastSeen = place();
            source = null;
            in = false;
            dead = true;
            return;
        }
        if (!in || noCf) {
            recompute(source);
            in = true;
            noCf = false;
            saved = false;
        }
        source = null;
    }

    /** Makes memory have the flags; EFLAGS are lost. */
    void materialize() {
        emitMaterialize(place());
        in = false;
        noCf = false;
        saved = true;
        source = null;
    }

    /** The flags are in memory now, from wherever. */
    void stored() {
        in = false;
        noCf = false;
        saved = true;
        dead = false;
        source = null;
    }

    /** The flags are both in EFLAGS and in memory now. */
    void everywhere() {
        stored();
        in = true;
    }

    /** EFLAGS do not have the flags any more, which are elsewhere, too. */
    void lost() {
        in = false;
    }

    /** Before a jump whose target wants the flags in memory or computable. */
    void settle() {
        if (in && source == null && !saved) {
            save();
        }
    }

    /** Flags at a jump: how the target may compute them, or null if they are in memory. */
    FlagSource leaving() {
        return dead ? null : source;
    }

    void requireSaved() {
        if (source == null && !in) {
            return;
        }
        materialize();
    }

    /** Where they are now, for code that is written later. */
    Place place() {
        return new Place(in, noCf, saved, dead, source);
    }

    /** The same, for code that leaves before the present instruction. */
    Place placeBefore() {
        return lastSeen == null ? place() : lastSeen;
    }

    /** From that place to memory. */
    void emitMaterialize(Place f) {
        if (f.dead || f.saved && !f.noCf) {
            return;
        }
        if (!f.in || f.noCf) {
            recompute(f.source);
        }
        emitSave();
    }

    /** Uses T2 alone. */
    private void recompute(FlagSource s) {
        int size = s.size();
        switch (s.kind()) {
            case CMP -> compareAgain(s);
            case TEST -> testAgain(s);
            case NEG -> {
                a.load(8, T2, g.rm(s.a()));
                a.group3(Asm.NEG, size, Rm.reg(T2));
                a.group3(Asm.NEG, size, Rm.reg(T2));
            }
            case SHL -> shiftAgain(Asm.SHL, s);
            case SHR -> shiftAgain(Asm.SHR, s);
            case SAR -> shiftAgain(Asm.SAR, s);
            case IMUL -> {
                if (s.b() == -1) {
                    a.imul3(size, T2, flagOperand(s.a()), s.imm());
                } else {
                    a.load(8, T2, flagOperand(s.a()));
                    a.op2(0x0faf, size, T2, g.rm(s.b()));
                }
            }
            case ADD -> {
                a.load(8, T2, g.rm(s.a()));
                second(SUB, s);
                second(ADD, s);
            }
            case SUB -> {
                a.load(8, T2, g.rm(s.a()));
                second(ADD, s);
                second(SUB, s);
            }
            case INC, DEC -> {
                boolean inc = s.kind() == FlagSource.Kind.INC;
                a.load(8, T2, g.rm(s.a()));
                a.lea(8, T2, Rm.mem(T2, inc ? -1 : 1));
                a.op2(0x0fba, 2, 4, Rm.gs(Area.FLAGS)); // bt [FLAGS], 8
                a.u8(8);
                if (inc) {
                    a.inc(size, Rm.reg(T2));
                } else {
                    a.dec(size, Rm.reg(T2));
                }
            }
        }
    }

    private void second(int op, FlagSource s) {
        if (s.b() == -1) {
            a.aluImm(op, s.size(), Rm.reg(T2), s.imm());
        } else {
            a.alu(op, s.size(), T2, flagOperand(s.b()));
        }
    }

    private void shiftAgain(int kind, FlagSource s) {
        a.load(8, T2, flagOperand(s.a()));
        a.shiftImm(kind, s.size(), Rm.reg(T2), s.imm());
    }

    private long flagOperand(int operand) {
        return operand == FlagSource.KEPT ? Rm.gs(Area.FLAG_OPERAND) : g.rm(operand);
    }

    /** Keeps a host register's value for a {@link FlagSource}, if the flags are of interest. */
    void keep(int register) {
        if (seenAfter != 0) {
            a.store(8, Rm.gs(Area.FLAG_OPERAND), register);
            keeps[index] = true;
        }
    }

    private void compareAgain(FlagSource s) {
        if (s.b() == -1) {
            a.aluImm(CMP, s.size(), flagOperand(s.a()), s.imm());
        } else if (s.a() == FlagSource.KEPT) {
            a.aluTo(CMP, s.size(), flagOperand(s.a()), g.read(s.b(), T2));
        } else {
            a.alu(CMP, s.size(), g.read(s.a(), T2), flagOperand(s.b()));
        }
    }

    private void testAgain(FlagSource s) {
        if (s.b() == -1) {
            a.testImm(s.size(), flagOperand(s.a()), s.imm());
        } else {
            a.test(s.size(), flagOperand(s.a()), g.read(s.b(), T2));
        }
    }
}
