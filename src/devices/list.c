/* See list.h. A driver is asked for its state whenever the list is told; nothing of it is kept but what was wrong. */
#include "devices/list.h"

#include "devices/stranger.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

bool list_is_bad(lobby_DeviceState state)
{
	return state != lobby_DeviceState_DEVICE_READY && state != lobby_DeviceState_DEVICE_PAPER_LOW &&
	       state != lobby_DeviceState_DEVICE_STARTING;
}

/* ---- what was wrong ---- */

static bool is_of(const struct device_trouble *t, const struct usb_info *info)
{
	return t->at_ms != 0 && t->vendor == info->vendor && t->product == info->product &&
	       t->interface == info->number && strcmp(t->serial, info->serial) == 0;
}

static const struct device_trouble *trouble_of(const struct device_list *list, const struct usb_info *info)
{
	for (int i = 0; i < LIST_TROUBLES; i++)
		if (is_of(&list->troubles[i], info))
			return &list->troubles[i];
	return NULL;
}

static void remember(struct device_list *list, const struct usb_info *info, const char *text, int64_t now_ms)
{
	struct device_trouble *place = &list->troubles[0];

	for (int i = 0; i < LIST_TROUBLES; i++) {
		struct device_trouble *t = &list->troubles[i];

		if (is_of(t, info)) {
			place = t;
			break;
		}
		if (t->at_ms < place->at_ms)
			place = t;
	}
	*place = (struct device_trouble){
		.vendor = info->vendor, .product = info->product, .interface = info->number, .at_ms = now_ms
	};
	text_copy(place->serial, sizeof(place->serial), info->serial);
	text_copy(place->text, sizeof(place->text), text);
}

/* ---- rows ---- */

static struct driver_status status_of(const struct device_row *row)
{
	struct driver_status status = { .state = lobby_DeviceState_DEVICE_STARTING, .detail = "" };

	if (row->driver == NULL)
		status.state = lobby_DeviceState_DEVICE_UNSUPPORTED;
	else if (row->failed != NULL)
		status = (struct driver_status){ .state = lobby_DeviceState_DEVICE_FAULT, .detail = row->failed };
	else if (row->state != NULL)
		status = row->driver->status(row->state);
	if (status.detail == NULL)
		status.detail = "";
	return status;
}

lobby_CardSlotState list_slot(const struct device_list *list)
{
	lobby_CardSlotState slot = lobby_CardSlotState_CARD_SLOT_EMPTY;

	for (int i = 0; i < LIST_ROWS; i++) {
		const struct device_row *row = &list->rows[i];

		if (row->usb == NULL || row->slot == lobby_CardSlotState_CARD_SLOT_EMPTY)
			continue;
		if (slot != lobby_CardSlotState_CARD_SLOT_READING)
			slot = row->slot;
	}
	return slot;
}

lobby_DeviceState list_state(const struct device_row *row)
{
	return status_of(row).state;
}

struct device_row *list_add(struct device_list *list, struct usb_device *usb, const struct driver *driver)
{
	struct device_row *row = NULL;

	for (int i = LIST_ROWS - 1; i >= 0; i--) {
		struct device_row *r = &list->rows[i];

		if (r->usb == NULL || (driver != NULL && r->driver == NULL && (row == NULL || row->usb != NULL)))
			row = r;
	}
	if (row == NULL) {
		log_event(LOG_WARNING, "devices-full", "max=%d", LIST_ROWS);
		return NULL;
	}
	if (row->usb != NULL)
		usb_set_owner(row->usb, NULL);
	*row = (struct device_row){ .usb = usb, .driver = driver };
	usb_set_owner(usb, row);
	return row;
}

struct device_row list_remove(struct device_list *list, struct device_row *row)
{
	struct device_row was = *row;

	if (was.driver != NULL)
		remember(list, usb_info(was.usb), "It was unplugged, or lost its power.", clock_wall_ms());
	*row = (struct device_row){ 0 };
	return was;
}

void list_note(struct device_list *list, int64_t now_ms)
{
	for (int i = 0; i < LIST_ROWS; i++) {
		struct device_row *row = &list->rows[i];
		struct driver_status status;

		if (row->usb == NULL || row->driver == NULL)
			continue;
		status = status_of(row);
		if (status.state == row->noted && strcmp(status.detail, row->noted_detail) == 0)
			continue;
		row->noted = status.state;
		text_copy(row->noted_detail, sizeof(row->noted_detail), status.detail);
		if (list_is_bad(status.state) && status.detail[0] != '\0')
			remember(list, usb_info(row->usb), status.detail, now_ms);
	}
}

struct device_row *list_printer(struct device_list *list, lobby_PrintForm form)
{
	lobby_DeviceKind kind = form == lobby_PrintForm_PRINT_SLIP ? lobby_DeviceKind_DEVICE_PRINTER
								   : lobby_DeviceKind_DEVICE_LABEL_PRINTER;
	struct device_row *any = NULL;

	for (int i = 0; i < LIST_ROWS; i++) {
		struct device_row *row = &list->rows[i];

		if (row->usb == NULL || row->state == NULL || row->driver->print == NULL || row->driver->kind != kind)
			continue;
		any = row;
		if (list_state(row) == lobby_DeviceState_DEVICE_READY ||
		    list_state(row) == lobby_DeviceState_DEVICE_PAPER_LOW)
			return row;
	}
	return any;
}

/* ---- the message ---- */

static void describe(const struct device_list *list, const struct device_row *row, lobby_Device *d)
{
	const struct usb_info *info = usb_info(row->usb);
	const struct device_trouble *trouble = trouble_of(list, info);
	struct driver_status status = status_of(row);

	*d = (lobby_Device){ .kind = row->driver != NULL ? row->driver->kind : lobby_DeviceKind_DEVICE_UNKNOWN,
			     .state = status.state,
			     .vendor_id = info->vendor,
			     .product_id = info->product,
			     .dots = status.dots,
			     .dots_per_mm = status.dots_per_mm };
	text_copy(d->name, sizeof(d->name), info->name);
	text_copy(d->serial, sizeof(d->serial), info->serial);
	text_copy(d->detail, sizeof(d->detail), status.detail);
	if (row->driver == NULL)
		stranger_detail(info, d->detail, sizeof(d->detail));
	text_copy(d->firmware, sizeof(d->firmware), status.firmware != NULL ? status.firmware : "");
	if (d->firmware[0] == '\0')
		snprintf(d->firmware, sizeof(d->firmware), "%x.%02x", info->release >> 8, info->release & 0xff);
	if (trouble == NULL)
		return;
	text_copy(d->last_error, sizeof(d->last_error), trouble->text);
	d->last_error_ms = trouble->at_ms;
}

void list_fill(const struct device_list *list, lobby_Devices *out)
{
	out->device_count = 0;
	for (int known = 1; known >= 0; known--)
		for (int i = 0; i < LIST_ROWS && out->device_count < LIST_TOLD; i++)
			if (list->rows[i].usb != NULL && (list->rows[i].driver != NULL) == known)
				describe(list, &list->rows[i], &out->device[out->device_count++]);
}
