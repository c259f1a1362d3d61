package org.apache.karaf.shell.impl.console;

import org.apache.karaf.shell.api.console.Session;
import org.apache.karaf.shell.api.console.Terminal;

/** Has the shape of Karaf's class: a session within another wraps its terminal. */
public final class HeadlessSessionImpl implements Session {
    final Session parent;

    public HeadlessSessionImpl(Session parent) {
        this.parent = parent;
    }

    @Override
    public Terminal getTerminal() {
        return parent == null ? null : new Terminal.Wrapper(parent.getTerminal());
    }
}
