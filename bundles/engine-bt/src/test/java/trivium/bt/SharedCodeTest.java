package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import trivium.cpu.CpuModel;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Instruction;

class SharedCodeTest {
    private final Decoder decoder = new Decoder(CpuModel.X86_64);

    /** {@code add rax, [rbx + n]; ret} at an address. */
    private List<Instruction> code(long ip, int n) {
        int[] bytes = {0x48, 0x03, 0x43, n, 0xc3};
        int[] at = {0};
        List<Instruction> list = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Instruction in = decoder.decode(() -> bytes[at[0]++], 64);
            in.ip = ip + (i == 0 ? 0 : 4);
            list.add(in);
        }
        return list;
    }

    @Test
    void equalCodeAtOneAddressIsKeptOnce() {
        List<Instruction> first = SharedCode.of(code(0x1000, 8));

        assertThat(SharedCode.of(code(0x1000, 8))).isSameAs(first);
        assertThat(SharedCode.of(first)).isSameAs(first);
    }

    @Test
    void otherCodeIsItsOwn() {
        List<Instruction> first = SharedCode.of(code(0x1000, 8));

        List<Instruction> elsewhere = SharedCode.of(code(0x2000, 8));
        List<Instruction> other = SharedCode.of(code(0x1000, 16));

        assertThat(elsewhere).isNotSameAs(first);
        assertThat(elsewhere.getFirst().ip).isEqualTo(0x2000);
        assertThat(other.getFirst().displacement).isEqualTo(16);
        assertThat(first.getFirst().displacement).isEqualTo(8);
    }
}
