package trivium.x86.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;

class DecoderTest {
    private static Instruction decode(CpuModel model, int mode, String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        int[] at = {0};
        Instruction in = new Decoder(model).decode(() -> bytes[at[0]++] & 0xff, mode);
        in.ip = 0x1000;
        assertThat(in.length).isEqualTo(at[0]);
        return in;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "32|01 d8|add eax, ebx",
                "32|66 01 d8|add ax, bx",
                "16|01 d8|add ax, bx",
                "64|48 01 d8|add rax, rbx",
                "64|4c 01 c0|add rax, r8",
                "32|8b 44 8b fc|mov eax, dword ptr [ebx+ecx*4-0x4]",
                "16|8b 42 10|mov ax, word ptr [bp+si+0x10]",
                "64|8b 05 10 00 00 00|mov eax, dword ptr [0x1016]",
                "64|65 48 8b 04 25 28 00 00 00|mov rax, qword ptr gs:[0x28]",
                "32|f0 83 00 01|lock add dword ptr [eax], 0x1",
                "64|40 8a e5|mov spl, bpl",
                "32|8a e5|mov ah, ch",
                "32|eb fe|jmp 0x1000",
                "16|ea 00 7c 00 00|jmp 0x0:0x7c00",
                "32|f3 a5|rep movs dword ptr es:[edi], dword ptr [esi]",
                "64|ff 15 00 01 00 00|call qword ptr [0x1106]",
                "64|0f 20 c0|mov rax, cr0",
                "64|44 0f 20 c0|mov rax, cr8",
                "64|50|push rax",
                "64|66 50|push ax",
                "64|41 50|push r8",
                "64|48 b8 88 77 66 55 44 33 22 11|mov rax, 0x1122334455667788",
                "32|c8 10 00 01|enter 0x10, 0x1",
                "64|48 0f c7 0b|cmpxchg8b [rbx]",
                "64|90|nop",
                "32|f3 90|pause",
                "64|41 90|xchg r8d, eax",
            })
    void decodes(int mode, String hex, String expected) {
        assertThat(Disassembler.text(decode(CpuModel.X86_64, mode, hex))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "x86-64, 64, 27", // DAA
        "x86-64, 64, 06", // PUSH ES
        "x86-64, 32, f0 01 d8", // LOCK with a register
        "x86-64, 32, f0 8b 00", // LOCK with MOV
        "x86-64, 32, 8d c0", // LEA of a register
        "i386, 32, 0f a2", // CPUID
        "i386, 32, 0f c8", // BSWAP
        "pentium3, 32, 0f 05", // SYSCALL
        "80286, 16, 0f b6 c0", // MOVZX
        "80286, 16, 66", // no operand-size prefix
    })
    void refuses(String model, int mode, String hex) {
        assertThat(decode(CpuModel.of(model), mode, hex).row).isNull();
    }

    @Test
    void limitsTheLength() {
        String prefixes = "66".repeat(14);
        assertThat(decode(CpuModel.X86_64, 32, prefixes + "90").row).isNotNull();
        assertThatThrownBy(() -> decode(CpuModel.X86_64, 32, "66" + prefixes + "90"))
                .isInstanceOf(Decoder.TooLong.class);
    }

    @Test
    void ignoresRexBeforeAPrefix() {
        assertThat(decode(CpuModel.X86_64, 64, "48 66 01 d8").operandSize).isEqualTo(2);
    }
}
