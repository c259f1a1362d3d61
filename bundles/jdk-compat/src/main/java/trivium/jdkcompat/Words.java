package trivium.jdkcompat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** What the woven part of Karaf's shell calls before it takes a command line apart. */
public final class Words {
    private Words() {}

    /**
     * The words of a command line as its action wants to have them: one that is a {@code
     * UnaryOperator} of lists may reorder them, as for options that stand behind arguments.
     */
    @SuppressWarnings("unchecked") // the shell's lists of words are lists of objects
    public static List<Object> of(Object action, List<Object> words) {
        return action instanceof UnaryOperator<?> operator
                ? ((UnaryOperator<List<Object>>) operator).apply(new ArrayList<>(words))
                : words;
    }
}
