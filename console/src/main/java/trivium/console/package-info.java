/** The shell commands {@code vm:*} and {@code hv:*}. Exports nothing. */
package trivium.console;
