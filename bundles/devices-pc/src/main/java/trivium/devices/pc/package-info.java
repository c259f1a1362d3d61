/** What the device models of the PC share. Nothing here is exported. */
package trivium.devices.pc;
