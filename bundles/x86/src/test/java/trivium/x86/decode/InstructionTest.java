package trivium.x86.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import trivium.cpu.CpuModel;

class InstructionTest {
    private static Instruction some() {
        int[] bytes = {0xf3, 0x48, 0x0f, 0xb8, 0x43, 0x10}; // popcnt rax, [rbx + 10h]
        int[] at = {0};
        return new Decoder(CpuModel.X86_64).decode(() -> bytes[at[0]++], 64);
    }

    @Test
    void isTheSameAsItselfDecodedAgain() {
        assertThat(some().same(some())).isTrue();
    }

    /** Whichever field it is that another one has otherwise. */
    @Test
    void isNotTheSameIfOneFieldDiffers() throws Exception {
        List<Field> fields =
                Arrays.stream(Instruction.class.getFields())
                        .filter(field -> !Modifier.isStatic(field.getModifiers()))
                        .toList();
        assertThat(fields).hasSizeGreaterThan(20);
        for (Field field : fields) {
            Instruction other = some();
            field.set(other, different(field.get(other)));

            assertThat(some().same(other)).as(field.getName()).isFalse();
            assertThat(other.same(some())).as(field.getName()).isFalse();
        }
    }

    private static Object different(Object value) {
        return switch (value) {
            case Boolean b -> !b;
            case Integer i -> i + 1;
            case Long l -> l + 1;
            case Row _ -> null;
            default -> throw new AssertionError(value);
        };
    }
}
