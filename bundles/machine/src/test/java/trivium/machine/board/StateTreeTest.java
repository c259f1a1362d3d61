package trivium.machine.board;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import trivium.device.StateVersion;

class StateTreeTest {
    enum Colour {
        RED,
        GREEN
    }

    /** As a first version of a model has it. */
    private static final class First {
        record Fifo(byte[] bytes, int at) {}

        record State(
                int mode,
                short count,
                boolean on,
                String label,
                Colour colour,
                long[] words,
                Fifo fifo,
                List<Fifo> more,
                Fifo[] array,
                Optional<String> maybe) {}
    }

    /** As its next release has it: other classes of the same names. */
    private static final class Same {
        record Fifo(byte[] bytes, int at) {}

        record State(
                long mode,
                int count,
                boolean on,
                String label,
                Colour colour,
                long[] words,
                Fifo fifo,
                List<Fifo> more,
                Fifo[] array,
                Optional<String> maybe) {}
    }

    private static First.State state() {
        return new First.State(
                7,
                (short) -2,
                true,
                "x",
                Colour.GREEN,
                new long[] {1, 2},
                new First.Fifo(new byte[] {9}, 3),
                List.of(new First.Fifo(new byte[0], 1)),
                new First.Fifo[] {new First.Fifo(new byte[] {5}, 2)},
                Optional.of("y"));
    }

    @Test
    void mapsByNamesToOtherClasses() {
        First.State from = state();
        StateTree tree = StateTree.of(from);
        from.words()[0] = 99; // what was kept does not change any more

        Same.State to =
                (Same.State)
                        tree.to(
                                new Same.State(
                                        0, 0, false, "", Colour.RED, null, null, null, null, null),
                                null);

        assertThat(to.mode()).isEqualTo(7);
        assertThat(to.count()).isEqualTo(-2);
        assertThat(to.on()).isTrue();
        assertThat(to.colour()).isEqualTo(Colour.GREEN);
        assertThat(to.words()).containsExactly(1, 2);
        assertThat(to.fifo().bytes()).containsExactly(9);
        assertThat(to.more().getFirst().at()).isEqualTo(1);
        assertThat(to.array()[0].at()).isEqualTo(2);
        assertThat(to.maybe()).contains("y");
    }

    private record Small(int a) {}

    private record Renamed(int b) {}

    private record More(int a, int b) {}

    private record Text(String a) {}

    private record Narrow(byte a) {}

    @StateVersion(2)
    private record Second(int a, int added) {}

    @StateVersion(3)
    private record Third(long sum) {}

    @Test
    void sameVersionMustBeTheSame() {
        StateTree tree = StateTree.of(new Small(300));

        refused(tree, new Renamed(0), "its state has no 'b'");
        refused(tree, new More(0, 0), "its state has no 'b'");
        refused(tree, new Text(""), "'a' of its state is Integer, this model wants java.lang.Str");
        refused(tree, new Narrow((byte) 0), "'a' of its state is Integer, this model wants byte");
        refused(StateTree.of(new More(1, 2)), new Small(0), "there is no place for 'b'");
        assertThat(StateTree.of(new Small(-3)).to(new Narrow((byte) 0), null))
                .isEqualTo(new Narrow((byte) -3));
    }

    @Test
    void whatALaterVersionAddedIsAsAtPowerOn() {
        assertThat(StateTree.of(new Small(1)).to(new Second(0, 42), null))
                .isEqualTo(new Second(1, 42));
        refused(StateTree.of(new More(1, 2)), new Second(0, 42), "no place for 'b'");
    }

    @Test
    void aLaterStateIsRefused() {
        refused(
                StateTree.of(new Second(1, 2)),
                new Small(0),
                "its state has version 2, this model knows 1");
    }

    @Test
    void aModelMayMigrateEarlierStates() {
        StateTree tree = StateTree.of(new Second(1, 2));

        Record third =
                tree.to(
                        new Third(0),
                        (version, state) -> {
                            assertThat(version).isEqualTo(2);
                            int a = (int) state.get("a"), added = (int) state.get("added");
                            return Map.of("sum", a + added);
                        });

        assertThat(third).isEqualTo(new Third(3));
    }

    private record Any(Record part, List<Record> parts) {}

    @Test
    void whatAnyRecordMayBeIsOfTheClassThatIsThereAtPowerOn() {
        StateTree tree = StateTree.of(new Any(new Small(5), List.of(new More(1, 2))));

        Record to = tree.to(new Any(new Small(0), List.of(new More(0, 0))), null);

        assertThat(to).isEqualTo(new Any(new Small(5), List.of(new More(1, 2))));
        refused(tree, new Any(null, List.of()), "'part' of its state is record Small");
    }

    @Test
    void whatIsNoStateIsRefused() {
        record Wrong(Thread thread) {}
        assertThatThrownBy(() -> StateTree.of(new Wrong(Thread.currentThread())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cannot hold a java.lang.Thread");
    }

    private static void refused(StateTree tree, Record target, String why) {
        assertThatThrownBy(() -> tree.to(target, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why);
    }
}
