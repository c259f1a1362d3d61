/**
 * The one x86 decoder: opcode tables in the manual's operand codes, decoded instructions, and the
 * disassembler. Interpreter, translators, exit emulation and tracers all use it.
 */
@Export
@Version("1.0.0")
package trivium.x86.decode;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
