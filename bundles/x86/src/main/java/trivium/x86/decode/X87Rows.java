package trivium.x86.decode;

import static trivium.x86.decode.Feature.*;
import static trivium.x86.decode.Mnemonic.*;
import static trivium.x86.decode.OpcodeTable.insn;
import static trivium.x86.decode.Operand.*;

import java.util.ArrayList;
import java.util.List;

/**
 * The x87 rows: escapes D8 to DF, FWAIT, FXSAVE and FXRSTOR (SDM Vol. 2D, App. A.5). Departures
 * from the map: the undocumented aliases that every CPU has (FCOM DC D0, FCOMP DC D8 and DE D0,
 * FXCH DD C8 and DF C8, FSTP D9 D8, DF D0 and DF D8), FFREEP, and the 8087's and 80287's control
 * instructions, which do nothing now. Before the Pentium III models all have the 387's
 * instructions.
 */
final class X87Rows {
    static final List<Row> ROWS = rows();

    private X87Rows() {}

    // spotless:off
    private static List<Row> rows() {
        List<Row> t = new ArrayList<>();
        Mnemonic[] arith = {FADD, FMUL, FCOM, FCOMP, FSUB, FSUBR, FDIV, FDIVR};
        Mnemonic[] swapped = {FADD, FMUL, FCOM, FCOMP, FSUBR, FSUB, FDIVR, FDIV};
        Mnemonic[] integer = {FIADD, FIMUL, FICOM, FICOMP, FISUB, FISUBR, FIDIV, FIDIVR};
        Mnemonic[] popping = {FADDP, FMULP, null, null, FSUBRP, FSUBP, FDIVRP, FDIVP};
        for (int i = 0; i < 8; i++) {
            boolean compare = i == 2 || i == 3;
            t.add(insn(0xd8, arith[i], ST0, Md).ext(i).mem());
            t.add(insn(0xdc, arith[i], ST0, Mq).ext(i).mem());
            t.add(insn(0xda, integer[i], ST0, Md).ext(i).mem());
            t.add(insn(0xde, integer[i], ST0, Mw).ext(i).mem());
            t.add(insn(0xd8, arith[i], ST0, STi).ext(i).reg());
            t.add(compare ? insn(0xdc, arith[i], ST0, STi).ext(i).reg() : insn(0xdc, swapped[i], STi, ST0).ext(i).reg());
            if (!compare) {
                t.add(insn(0xde, popping[i], STi, ST0).ext(i).reg());
            }
        }
        t.addAll(List.of(
            insn(0x9b, FWAIT),
            insn(0xde, FCOMP, ST0, STi).ext(2).reg(), insn(0xde, FCOMPP).ext(3).reg(1),

            insn(0xd9, FLD, Md).ext(0).mem(), insn(0xd9, FST, Md).ext(2).mem(), insn(0xd9, FSTP, Md).ext(3).mem(),
            insn(0xd9, FLDENV, M).ext(4).mem(), insn(0xd9, FLDCW, Mw).ext(5).mem(),
            insn(0xd9, FNSTENV, M).ext(6).mem(), insn(0xd9, FNSTCW, Mw).ext(7).mem(),
            insn(0xd9, FLD, STi).ext(0).reg(), insn(0xd9, FXCH, ST0, STi).ext(1).reg(),
            insn(0xd9, FNOP).ext(2).reg(0), insn(0xd9, FSTP, STi).ext(3).reg(),
            insn(0xd9, FCHS).ext(4).reg(0), insn(0xd9, FABS).ext(4).reg(1), insn(0xd9, FTST).ext(4).reg(4), insn(0xd9, FXAM).ext(4).reg(5),
            insn(0xd9, FLD1).ext(5).reg(0), insn(0xd9, FLDL2T).ext(5).reg(1), insn(0xd9, FLDL2E).ext(5).reg(2), insn(0xd9, FLDPI).ext(5).reg(3),
            insn(0xd9, FLDLG2).ext(5).reg(4), insn(0xd9, FLDLN2).ext(5).reg(5), insn(0xd9, FLDZ).ext(5).reg(6),
            insn(0xd9, F2XM1).ext(6).reg(0), insn(0xd9, FYL2X).ext(6).reg(1), insn(0xd9, FPTAN).ext(6).reg(2), insn(0xd9, FPATAN).ext(6).reg(3),
            insn(0xd9, FXTRACT).ext(6).reg(4), insn(0xd9, FPREM1).ext(6).reg(5), insn(0xd9, FDECSTP).ext(6).reg(6), insn(0xd9, FINCSTP).ext(6).reg(7),
            insn(0xd9, FPREM).ext(7).reg(0), insn(0xd9, FYL2XP1).ext(7).reg(1), insn(0xd9, FSQRT).ext(7).reg(2), insn(0xd9, FSINCOS).ext(7).reg(3),
            insn(0xd9, FRNDINT).ext(7).reg(4), insn(0xd9, FSCALE).ext(7).reg(5), insn(0xd9, FSIN).ext(7).reg(6), insn(0xd9, FCOS).ext(7).reg(7),

            insn(0xda, FCMOVB, ST0, STi).ext(0).reg().on(CMOV), insn(0xda, FCMOVE, ST0, STi).ext(1).reg().on(CMOV),
            insn(0xda, FCMOVBE, ST0, STi).ext(2).reg().on(CMOV), insn(0xda, FCMOVU, ST0, STi).ext(3).reg().on(CMOV),
            insn(0xdb, FCMOVNB, ST0, STi).ext(0).reg().on(CMOV), insn(0xdb, FCMOVNE, ST0, STi).ext(1).reg().on(CMOV),
            insn(0xdb, FCMOVNBE, ST0, STi).ext(2).reg().on(CMOV), insn(0xdb, FCMOVNU, ST0, STi).ext(3).reg().on(CMOV),
            insn(0xda, FUCOMPP).ext(5).reg(1),

            insn(0xdb, FILD, Md).ext(0).mem(), insn(0xdb, FISTTP, Md).ext(1).mem().on(SSE3), insn(0xdb, FIST, Md).ext(2).mem(), insn(0xdb, FISTP, Md).ext(3).mem(),
            insn(0xdb, FLD, Mt).ext(5).mem(), insn(0xdb, FSTP, Mt).ext(7).mem(),
            insn(0xdb, FNENI).ext(4).reg(0), insn(0xdb, FNDISI).ext(4).reg(1), insn(0xdb, FNCLEX).ext(4).reg(2),
            insn(0xdb, FNINIT).ext(4).reg(3), insn(0xdb, FNSETPM).ext(4).reg(4),
            insn(0xdb, FUCOMI, ST0, STi).ext(5).reg().on(CMOV), insn(0xdb, FCOMI, ST0, STi).ext(6).reg().on(CMOV),

            insn(0xdd, FLD, Mq).ext(0).mem(), insn(0xdd, FISTTP, Mq).ext(1).mem().on(SSE3), insn(0xdd, FST, Mq).ext(2).mem(), insn(0xdd, FSTP, Mq).ext(3).mem(),
            insn(0xdd, FRSTOR, M).ext(4).mem(), insn(0xdd, FNSAVE, M).ext(6).mem(), insn(0xdd, FNSTSW, Mw).ext(7).mem(),
            insn(0xdd, FFREE, STi).ext(0).reg(), insn(0xdd, FXCH, ST0, STi).ext(1).reg(), insn(0xdd, FST, STi).ext(2).reg(), insn(0xdd, FSTP, STi).ext(3).reg(),
            insn(0xdd, FUCOM, ST0, STi).ext(4).reg(), insn(0xdd, FUCOMP, ST0, STi).ext(5).reg(),

            insn(0xdf, FILD, Mw).ext(0).mem(), insn(0xdf, FISTTP, Mw).ext(1).mem().on(SSE3), insn(0xdf, FIST, Mw).ext(2).mem(), insn(0xdf, FISTP, Mw).ext(3).mem(),
            insn(0xdf, FBLD, Mt).ext(4).mem(), insn(0xdf, FILD, Mq).ext(5).mem(), insn(0xdf, FBSTP, Mt).ext(6).mem(), insn(0xdf, FISTP, Mq).ext(7).mem(),
            insn(0xdf, FFREEP, STi).ext(0).reg(), insn(0xdf, FXCH, ST0, STi).ext(1).reg(), insn(0xdf, FSTP, STi).ext(2).reg(), insn(0xdf, FSTP, STi).ext(3).reg(),
            insn(0xdf, FNSTSW, AX).ext(4).reg(0), insn(0xdf, FUCOMIP, ST0, STi).ext(5).reg().on(CMOV), insn(0xdf, FCOMIP, ST0, STi).ext(6).reg().on(CMOV),

            insn(0x0fae, FXSAVE, M).ext(0).mem().pfx(Row.NONE).on(FXSR), insn(0x0fae, FXRSTOR, M).ext(1).mem().pfx(Row.NONE).on(FXSR)));
        for (Row row : t) {
            if (row.feature == null && row.opcode() != 0x9b) {
                row.on(FPU);
            }
        }
        return List.copyOf(t);
    }
    // spotless:on
}
