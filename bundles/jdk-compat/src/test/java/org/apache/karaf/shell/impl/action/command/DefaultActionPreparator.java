package org.apache.karaf.shell.impl.action.command;

import java.util.List;

/** Has the shape of Karaf's class: the words come third. */
public final class DefaultActionPreparator {
    private final StringBuilder seen = new StringBuilder();

    public boolean prepare(Object action, Object session, List<Object> words) {
        for (Object word : words) {
            seen.append(word).append(' ');
        }
        return !words.isEmpty();
    }

    @Override
    public String toString() {
        return seen.toString();
    }
}
