package org.apache.karaf.shell.api.console;

/** Has the name of Karaf's. */
public interface Terminal {
    /** One in front of another, which may be null. */
    record Wrapper(Terminal terminal) implements Terminal {}
}
