package trivium.bt;

import trivium.x86.decode.Mnemonic;

/** The condition codes of Jcc, SETcc and CMOVcc (SDM Vol. 1, App. B). */
final class Conditions {
    private Conditions() {}

    /** 0 to 15, or -1 if the instruction has none. */
    static int of(Mnemonic m) {
        return switch (m) {
            case JO, SETO, CMOVO -> 0;
            case JNO, SETNO, CMOVNO -> 1;
            case JB, SETB, CMOVB -> 2;
            case JNB, SETNB, CMOVNB -> 3;
            case JZ, SETZ, CMOVZ -> 4;
            case JNZ, SETNZ, CMOVNZ -> 5;
            case JBE, SETBE, CMOVBE -> 6;
            case JNBE, SETNBE, CMOVNBE -> 7;
            case JS, SETS, CMOVS -> 8;
            case JNS, SETNS, CMOVNS -> 9;
            case JP, SETP, CMOVP -> 10;
            case JNP, SETNP, CMOVNP -> 11;
            case JL, SETL, CMOVL -> 12;
            case JNL, SETNL, CMOVNL -> 13;
            case JLE, SETLE, CMOVLE -> 14;
            case JNLE, SETNLE, CMOVNLE -> 15;
            default -> -1;
        };
    }
}
