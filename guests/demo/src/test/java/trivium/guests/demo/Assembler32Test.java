package trivium.guests.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBP;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg.ESP;
import static trivium.guests.demo.Operand.Reg8.AH;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.Reg8.BL;
import static trivium.guests.demo.Operand.Reg8.DH;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import trivium.guests.demo.Operand.Mem;

/** Golden bytes; a disassembler reads the same lines from them. */
class Assembler32Test {
    private static final int ORIGIN = 0x10_0000;

    private record Golden(String bytes, Consumer<Assembler32> code) {
        @Override
        public String toString() {
            return bytes;
        }
    }

    private static Golden golden(String bytes, Consumer<Assembler32> code) {
        return new Golden(bytes, code);
    }

    static Golden[] instructions() {
        // spotless:off
        return new Golden[] {
            golden("89 d8", a -> a.mov(EAX, EBX)),
            golden("88 e2", a -> a.mov(Operand.Reg8.DL, AH)),
            golden("b9 78 56 34 12", a -> a.mov(ECX, 0x12345678)),
            golden("b6 80", a -> a.mov(DH, 0x80)),
            golden("8b 03", a -> a.mov(EAX, at(EBX))),
            golden("8b 45 00", a -> a.mov(EAX, at(EBP))),
            golden("8b 4c 24 1c", a -> a.mov(ECX, at(ESP, 28))),
            golden("89 97 80 00 00 00", a -> a.mov(at(EDI, 128), EDX)),
            golden("8b 44 8f f8", a -> a.mov(EAX, at(EDI, ECX, 4).plus(-8))),
            golden("8a 1e", a -> a.mov(BL, byteAt(ESI))),
            golden("88 04 33", a -> a.mov(byteAt(EBX, ESI), AL)),
            golden("c6 03 41", a -> a.mov(byteAt(EBX), 'A')),
            golden("c7 05 00 00 10 00 01 00 00 00", a -> a.mov(at(start(a)), 1)),
            golden("8b 04 8d 04 00 10 00", a -> a.mov(EAX, at(start(a), ECX, 4).plus(4))),
            golden("be 00 00 10 00", a -> a.mov(ESI, start(a))),
            golden("0f b6 06", a -> a.movzx(EAX, byteAt(ESI))),
            golden("0f b6 d4", a -> a.movzx(EDX, AH)),
            golden("0f be c8", a -> a.movsx(ECX, AL)),
            golden("8d 3c 87", a -> a.lea(EDI, at(EDI, EAX, 4))),
            golden("55 68 05 00 00 00 5f 60 61 9c 9d", a -> {
                a.push(EBP); a.push(5); a.pop(EDI); a.pushad(); a.popad(); a.pushfd(); a.popfd();
            }),
            golden("01 d8 09 d8 21 d8 29 d8 31 d8 39 d8 85 d8", a -> {
                a.add(EAX, EBX); a.or(EAX, EBX); a.and(EAX, EBX); a.sub(EAX, EBX);
                a.xor(EAX, EBX); a.cmp(EAX, EBX); a.test(EAX, EBX);
            }),
            golden("03 07 33 0e 3a 1e 84 1e", a -> {
                a.add(EAX, at(EDI)); a.xor(ECX, at(ESI)); a.cmp(BL, byteAt(ESI)); a.test(BL, byteAt(ESI));
            }),
            golden("83 c6 7f 81 c6 80 00 00 00 83 ee 80", a -> {
                a.add(ESI, 127); a.add(ESI, 128); a.sub(ESI, -128);
            }),
            golden("80 fb 20 80 3e 00 83 0f 02 80 e3 0f 83 f1 02", a -> {
                a.cmp(BL, ' '); a.cmp(byteAt(ESI), 0); a.or(at(EDI), 2); a.and(BL, 15); a.xor(ECX, 2);
            }),
            golden("f6 c0 20 f7 c2 00 01 00 00 f7 03 01 00 00 00", a -> {
                a.test(AL, 0x20); a.test(EDX, 0x100); a.test(at(EBX), 1);
            }),
            golden("ff c0 fe cb ff 06 f7 d9 f7 e3 f7 f3 f7 f9 0f af c3 99", a -> {
                a.inc(EAX); a.dec(BL); a.inc(at(ESI)); a.neg(ECX); a.mul(EBX); a.div(EBX);
                a.idiv(ECX); a.imul(EAX, EBX); a.cdq();
            }),
            golden("69 fb 80 0c 00 00", a -> a.imul(EDI, EBX, 3200)),
            golden("c1 e0 03 c1 e8 04 c1 f8 0e", a -> {
                a.shl(EAX, 3); a.shr(EAX, 4); a.sar(EAX, 14);
            }),
            golden("0f ba e2 09", a -> a.bt(EDX, 9)),
            golden("ff d6 ff 55 04 c3 cf", a -> {
                a.call(ESI); a.call(at(EBP, 4)); a.ret(); a.iretd();
            }),
            golden("fc ac ad aa ab f3 a5 f3 ab f3 6c", a -> {
                a.cld(); a.lodsb(); a.lodsd(); a.stosb(); a.stosd(); a.repMovsd(); a.repStosd(); a.repInsb();
            }),
            golden("e4 64 ec 66 ed ed e6 20 ee 66 ef ef", a -> {
                a.inAl(0x64); a.inAl(); a.inAx(); a.inEax(); a.outAl(0x20); a.outAl(); a.outAx(); a.outEax();
            }),
            golden("f4 fa fb 0f a2 0f 01 13 0f 01 1b", a -> {
                a.hlt(); a.cli(); a.sti(); a.cpuid(); a.lgdt(at(EBX)); a.lidt(at(EBX));
            }),
            golden("8e d8 8e c0 8e e0 8e e8 8e d0", Assembler32::movDataSegmentsAx),
            golden("ea 07 00 10 00 08 00 f4", a -> {
                Label there = Assembler32.label();
                a.jmp(8, there); a.bind(there); a.hlt();
            }),
        };
        // spotless:on
    }

    /** The label of the image's first byte. */
    private static Label start(Assembler32 a) {
        return a.here();
    }

    @ParameterizedTest
    @MethodSource("instructions")
    void encodesAsTheManualSays(Golden golden) {
        byte[] bytes = bytes(golden.bytes);
        assertThat(assembled(golden.code)).isEqualTo(Arrays.copyOf(bytes, bytes.length + 15 & -16));
    }

    @Test
    void jumpsShortBackwardsAndNearForwards() {
        byte[] code =
                assembled(a -> {
                    Label ahead = Assembler32.label();
                    Label back = a.here();
                    a.jmp(ahead);
                    a.jne(back);
                    a.jae(ahead);
                    a.call(back);
                    a.jmp(back);
                    a.bind(ahead);
                });
        assertThat(code)
                .startsWith(bytes("e9 0f 00 00 00 75 f9 0f 83 07 00 00 00 e8 ee ff ff ff eb ec"));
    }

    @Test
    void jumpsNearBackwardsWhereShortDoesNotReach() {
        byte[] code =
                assembled(a -> {
                    Label back = a.here();
                    a.octets(new byte[126]);
                    a.je(back);
                    a.je(back);
                });
        assertThat(Arrays.copyOfRange(code, 126, 134)).isEqualTo(bytes("74 80 0f 84 7a ff ff ff"));
    }

    @Test
    void roomLiesBehindTheImageAligned() {
        Image image = new Image(ORIGIN);
        Assembler32 a = new Assembler32(image);
        Label first = a.room(5), second = a.room(16);
        a.address(first);
        a.address(second);
        a.address(image.roomEnd);
        assertThat(image.finish())
                .isEqualTo(bytes("10 00 10 00 20 00 10 00 30 00 10 00 00 00 00 00"));
    }

    @Test
    void refusesWhatCannotBeEncoded() {
        Assembler32 a = new Assembler32(new Image(ORIGIN));
        assertThatThrownBy(() -> a.mov(EAX, BL)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.add(at(EAX), at(EBX)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> a.mul(BL)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> at(EAX, ESP, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Mem(4, null, EAX, EBX, 3, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesLabelsBoundNeverOrTwice() {
        Image image = new Image(ORIGIN);
        Assembler32 a = new Assembler32(image);
        Label twice = a.here();
        assertThatThrownBy(() -> a.bind(twice)).isInstanceOf(IllegalStateException.class);
        a.jmp(Assembler32.label());
        assertThatThrownBy(image::finish).isInstanceOf(IllegalStateException.class);
    }

    private static byte[] assembled(Consumer<Assembler32> code) {
        Image image = new Image(ORIGIN);
        code.accept(new Assembler32(image));
        return image.finish();
    }

    private static byte[] bytes(String hex) {
        return HexFormat.ofDelimiter(" ").parseHex(hex);
    }
}
