package org.apache.karaf.shell.api.console;

/** Has the name and the method of Karaf's. */
public interface Session {
    Terminal getTerminal();
}
