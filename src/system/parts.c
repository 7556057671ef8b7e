/* The parts of lobby-system and its commands, as two tables: what there is can be read here, and nothing else needs to
 * know. A part starts after those above it. */
#include "efipanel.h"
#include "facts.h"
#include "good.h"
#include "install.h"
#include "logs.h"
#include "network.h"
#include "power.h"
#include "provision.h"
#include "slotwork.h"
#include "statedisk.h"
#include "stick.h"
#include "system.h"
#include "timeset.h"
#include "update.h"
#include "wireless.h"

#define ANYBODY (SYSTEM_FROM_KIOSK | SYSTEM_FROM_SYNC | SYSTEM_FROM_CTL)
#define TECHNICIAN (SYSTEM_FROM_KIOSK | SYSTEM_FROM_CTL)

const struct system_part system_parts[] = {
	{ .name = "facts", .init = facts_init, .fini = facts_fini, .fill = facts_fill },
	{ .name = "power", .init = power_init, .fini = power_fini, .heard = power_heard, .fill = power_fill },
	{ .name = "timeset", .init = timeset_init, .fini = timeset_fini, .fill = timeset_fill },
	{ .name = "slotwork", .init = slotwork_init, .fini = slotwork_fini, .fill = slotwork_fill },
	{ .name = "update",
	  .init = update_init,
	  .fini = update_fini,
	  .ready = update_ready,
	  .fill = update_fill,
	  .heard = update_heard },
	{ .name = "good", .init = good_init, .fini = good_fini, .ready = good_ready, .heard = good_heard },
	{ .name = "statedisk", .init = statedisk_init, .fini = statedisk_fini, .fill = statedisk_fill },
	{ .name = "stick", .init = stick_init, .fini = stick_fini, .fill = stick_fill },
	{ .name = "panel", .init = efipanel_init, .fini = efipanel_fini, .fill = efipanel_fill },
	{ .name = "network", .init = network_init, .fini = network_fini, .ready = network_ready },
	{ .name = "wireless", .init = wireless_init, .fini = wireless_fini, .fill = wireless_fill },
	{ .name = "provision",
	  .init = provision_init,
	  .fini = provision_fini,
	  .ready = provision_ready,
	  .fill = provision_fill },
	{ .name = "logs", .init = logs_init, .fini = logs_fini },
	{ .name = "install", .init = install_init, .fini = install_fini, .fill = install_fill },
};
const size_t system_part_count = sizeof(system_parts) / sizeof(system_parts[0]);

const struct system_command system_commands[] = {
	[lobby_SystemDo_SYSTEM_RESTART] = { "restart", power_restart_command, true, ANYBODY, false },
	[lobby_SystemDo_SYSTEM_RESTART_NOW] = { "restart-now", power_now_command, true, ANYBODY, true },
	[lobby_SystemDo_SYSTEM_POWER_OFF] = { "power-off", power_now_command, true, TECHNICIAN, true },
	[lobby_SystemDo_SYSTEM_WIPE] = { "wipe", statedisk_wipe_command, true, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_SET_PANEL] = { "set-panel", efipanel_command, true, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_SET_NETWORK] = { "set-network", network_command, true, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_INSTALL] = { "install", update_command, true, SYSTEM_FROM_SYNC | SYSTEM_FROM_CTL,
					    false },
	[lobby_SystemDo_SYSTEM_INSTALL_STICK] = { "install-stick", stick_install_command, true, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_LOGS_TO_STICK] = { "logs-to-stick", logs_command, true, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_SET_UP] = { "set-up", provision_set_up_command, false, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_CLOCK] = { "clock", timeset_command, true, SYSTEM_FROM_SYNC, false },
	[lobby_SystemDo_SYSTEM_PROVISION] = { "provision", provision_command, true, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_LOOK_WIRELESS] = { "look-wireless", wireless_command, true, TECHNICIAN, false },
	[lobby_SystemDo_SYSTEM_INSTALL_DISK] = { "install-disk", install_command, true, TECHNICIAN, true },
};
const size_t system_command_count = sizeof(system_commands) / sizeof(system_commands[0]);
