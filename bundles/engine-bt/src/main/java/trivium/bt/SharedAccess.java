package trivium.bt;

import static trivium.bt.Asm.*;
import static trivium.bt.Gen.T0;
import static trivium.bt.Gen.T1;
import static trivium.bt.Gen.T2;
import static trivium.bus.SharedRegister.FIXED_SHIFT;
import static trivium.bus.SharedRegister.INDEXED_SHIFT;
import static trivium.bus.SharedRegister.READ_SHIFT;
import static trivium.bus.SharedRegister.WRITE_SHIFT;

import trivium.bus.SharedPorts;

/** The subroutines that reach {@link trivium.bus.SharedRegister}s; see {@link Stubs#port}. */
final class SharedAccess {
    private static final int REGISTER_SHIFT = 3;

    private final Asm a;
    private final int size, right;

    private SharedAccess(Asm a, int size, int right) {
        this.a = a;
        this.size = size;
        this.right = right;
    }

    static void emit(Asm a, boolean read, int size) {
        int right = (read ? READ_SHIFT : WRITE_SHIFT) + Integer.numberOfTrailingZeros(size);
        new SharedAccess(a, size, right).emit(read);
    }

    private void emit(boolean read) {
        a.load(8, T1, Rm.gs(Area.PORTS));
        a.extend(false, 2, 4, T2, Rm.mem(T1, T0, 1, 0));
        a.lea(8, T1, Rm.mem(T1, T2, REGISTER_SHIFT, SharedPorts.REGISTERS));
        int look = a.size;
        a.load(8, T2, Rm.mem(T1, 0));
        test(right);
        int notHere = a.jcc(AE);
        int here = a.size;
        if (read) {
            a.mov(size, RAX, T2);
            done(false);
        } else {
            write(look);
        }
        a.bind(notHere);
        test(INDEXED_SHIFT);
        int none = a.jcc(AE);
        select();
        a.load(8, T2, Rm.mem(T1, 0));
        test(right);
        a.bindTo(a.jcc(B), here);
        a.bind(none);
        done(true);
    }

    /** CF = a bit of T2. */
    private void test(int bit) {
        a.op2(0x0fba, 8, 4, Rm.reg(T2)); // bt
        a.u8(bit);
    }

    private void done(boolean carry) {
        a.u8(carry ? 0xf9 : 0xf8); // stc, clc
        a.ret();
    }

    /** T1 = the register behind T1 which the index selects. */
    private void select() {
        a.push(T0);
        a.push(T1);
        a.mov(4, T0, T2);
        a.shiftImm(SHR, 4, Rm.reg(T0), 16);
        a.load(8, T1, Rm.gs(Area.PORTS));
        a.alu(AND, 4, T2, Rm.mem(T1, T0, REGISTER_SHIFT, SharedPorts.REGISTERS));
        a.extend(false, 2, 4, T2, Rm.reg(T2));
        a.pop(T1);
        a.pop(T0);
        a.lea(8, T1, Rm.mem(T1, T2, REGISTER_SHIFT, 1 << REGISTER_SHIFT));
    }

    /** Writes to the register at T1, which has T2; looks there again if it has not any more. */
    private void write(int look) {
        a.push(T0);
        if (size == 4) {
            a.mov(8, T0, T2);
            a.shiftImm(SHR, 8, Rm.reg(T0), 32);
            a.shiftImm(SHL, 8, Rm.reg(T0), 32);
            a.push(RAX);
            a.mov(4, RAX, RAX);
            a.alu(OR, 8, T0, Rm.reg(RAX));
            a.pop(RAX);
            exchange(look);
            return;
        }
        a.mov(4, T0, T2);
        a.alu(XOR, 4, T0, Rm.reg(RAX));
        a.push(T2);
        a.shiftImm(SHR, 8, Rm.reg(T2), FIXED_SHIFT);
        a.test(4, Rm.reg(T2), T0);
        a.pop(T2);
        int fixed = a.jcc(NE);
        a.mov(8, T0, T2);
        a.mov(size, T0, RAX);
        exchange(look);
        a.bind(fixed);
        a.pop(T0);
        done(true);
    }

    /** Puts T0 where T2 was. */
    private void exchange(int look) {
        a.push(RAX);
        a.mov(8, RAX, T2);
        a.u8(0xf0); // lock cmpxchg
        a.op2(0x0fb1, 8, T0, Rm.mem(T1, 0));
        a.pop(RAX);
        a.pop(T0);
        a.bindTo(a.jcc(NE), look);
        done(false);
    }
}
