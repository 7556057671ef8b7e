/* What lobby-system and lobby-sync say is on the screen in the screen's language: each text that the kiosk shows of
 * theirs, by the name of its node. What nobody marked stays English, and whole. */
#include "box_bed.h"

/* The line of the dump with this node has these words. */
static void says(const char *id, const char *words)
{
	char *text = NULL, *rest = NULL, name[40];
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool found = false;

	ui_dump(app.ui, out, false);
	fclose(out);
	snprintf(name, sizeof(name), " #%s", id);
	for (char *line = strtok_r(text, "\n", &rest); line != NULL && !found; line = strtok_r(NULL, "\n", &rest)) {
		const char *at = strstr(line, name);

		found = at != NULL && strchr(" ", at[strlen(name)]) != NULL && strstr(line, words) != NULL;
	}
	free(text);
	if (!found) {
		ui_dump(app.ui, stderr, false);
		fail_msg("%s does not say \"%s\"", name, words);
	}
}

static void spanish(void)
{
	app_set_language(&app, "es");
	pump();
}

static void a_technician_reads_spanish(void **state)
{
	(void)state;
	technician();
	spanish();
	press("restart");
	press("yes");
	box_answers(0, "It restarts when nobody has been at the screen for two minutes.");
	says("said", "Se reinicia cuando no haya habido nadie ante la pantalla durante dos minutos.");
	press("back");
	press("power-off");
	press("yes");
	box_answers(LOBBY_ERR_BUSY, "");
	says("said", "Ocupado en este momento; inténtelo de nuevo.");
	app_set_language(&app, "en");
	pump();
	says("said", "Busy at the moment; try again.");
}

static void the_update_and_the_disk_are_told_in_spanish(void **state)
{
	(void)state;
	technician();
	spanish();
	box.state.update = (lobby_Update){ .stage = lobby_UpdateStage_UPDATE_REFUSED,
					   .version = "0.3.0",
					   .text = "Version 0.3.0 is too old: no version before 0.3.5 may follow this "
						   "one." };
	text_copy(box.state.protection_text, sizeof(box.state.protection_text),
		  "The disk was damaged and was made anew. The kiosk's own records were rescued (12 files).");
	box_says();
	press("update");
	says("why", "La versión 0.3.0 es demasiado antigua: después de esta no puede ir ninguna anterior a 0.3.5.");
	press("back");
	press("about");
	says("update-text-value", "La versión 0.3.0 es demasiado antigua");
	says("protection-text-value", "Se salvaron los datos propios del quiosco (12 archivos).");
}

static void a_stick_is_refused_in_spanish(void **state)
{
	(void)state;
	ready();
	spanish();
	box.state.stick = (lobby_Stick){ .state = lobby_StickState_STICK_REFUSED,
					 .text = "This stick is damaged or cannot be read: nothing on it was used." };
	box_says();
	says("stick", "Esta memoria USB no sirve. Está dañada o no se puede leer: no se usó nada de ella.");
}

static void the_clinic_is_told_in_spanish(void **state)
{
	(void)state;
	box.state.set_up = false;
	sync_starts();
	sync_says(false, "");
	box_starts();
	spanish();
	press("continue");
	press("keep");
	press("continue");
	scan(LINK);
	at("enrol");
	enrolled(LOBBY_ERR_CODE_WRONG, err_staff_text(LOBBY_ERR_CODE_WRONG));
	says("said", "El código de alta es incorrecto, está usado o es demasiado antiguo.");
	press("back");
	scan(LINK);
	enrolled(0, "This kiosk is \"Lobby 3\" now. It works with https://clinic.example:8443.");
	says("said", "Este quiosco es ahora «Lobby 3». Trabaja con https://clinic.example:8443.");
}

static void an_installer_reads_spanish(void **state)
{
	(void)state;
	box.state.slot[0] = '\0';
	box.state.set_up = false;
	box.state.has_install = true;
	box.state.install = (lobby_Install){
		.stage = lobby_InstallStage_INSTALL_FAILED,
		.version = "0.4.0",
		.text = "The image could not be read to its end.",
		.disk_count = 1,
		.disk = { { .name = "sdb", .size_mb = 4000, .why_not = "This disk is too small for the image." } }
	};
	seconds(2);
	box_starts();
	at("install");
	spanish();
	says("why", "No se pudo leer la imagen hasta el final.");
	says("refused-1-why", "Este disco es demasiado pequeño para la imagen.");
}

static void a_late_start_is_told_in_spanish(void **state)
{
	(void)state;
	box.state.protection = lobby_Protection_PROTECTION_STARTING;
	text_copy(box.state.protection_text, sizeof(box.state.protection_text),
		  "The disk is damaged: saving what was not sent yet.");
	seconds(2);
	box_starts();
	at("starting");
	spanish();
	says("awaited", "El disco está dañado: se está salvando lo que aún no se envió.");
}

/* A newer lobby-system may say what this kiosk does not know yet. */
static void what_is_not_known_is_shown_as_it_is(void **state)
{
	(void)state;
	technician();
	spanish();
	press("restart");
	press("yes");
	box_answers(LOBBY_ERR_INVALID, "This version of Lobby cannot do that. The moon is in the way.");
	says("said", "This version of Lobby cannot do that. The moon is in the way.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_technician_reads_spanish),	   TEST(the_update_and_the_disk_are_told_in_spanish),
		TEST(a_stick_is_refused_in_spanish),	   TEST(the_clinic_is_told_in_spanish),
		TEST(an_installer_reads_spanish),	   TEST(a_late_start_is_told_in_spanish),
		TEST(what_is_not_known_is_shown_as_it_is),
	};
	int failed;

	if (!bed_make())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bed_remove();
	return failed;
}
