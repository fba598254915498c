/* The application with embeddings of a script in the place of a network: the same for this computer and a chip. */
#include "mf_application.h"
#include "mf_serial.h"

#if defined(__arm__)
#define SHOWN
#else
#define SHOWN __attribute__((visibility("default")))
#endif

enum { MEMORY_FRAME, MEMORY_GALLERY, MEMORY_SCRIPT, MEMORY_TEXT, MEMORY_CROP, MEMORY_NUMBERS, MEMORY_STATE };
enum { NUMBERS = 64, DETECTS = 1 };

SHOWN uint8_t *fixture_memory(int32_t which);
SHOWN int32_t fixture_start(int32_t threshold);
SHOWN int32_t fixture_frame(int32_t width, int32_t height, int32_t format);
SHOWN int32_t fixture_rows(int32_t width, int32_t height, int32_t format);
SHOWN int32_t fixture_crop(int32_t width, int32_t height, int32_t format);
SHOWN void fixture_threshold(int32_t threshold);
SHOWN void fixture_forget(void);
SHOWN uint32_t fixture_contrast(uint32_t pixels);

static uint8_t frame_memory[FRAME_BYTES], window[FRAME_BYTES], gallery_memory[8192], crop[CROP_BYTES];
static int8_t script[SCRIPT_BYTES];
static char text[4096];
static int32_t numbers[NUMBERS];
static uint32_t written, scripted;
static mf_gallery_config gallery_config;
static mf_gallery gallery;
static mf_application_config config;
static mf_application application;

uint8_t *fixture_memory(int32_t which)
{
    uint8_t *const places[] = {frame_memory, gallery_memory, (uint8_t *)script, (uint8_t *)text, crop,
                               (uint8_t *)numbers, (uint8_t *)&application.state};
    return places[which];
}

void mf_port_write(const char *line, uint32_t length)
{
    for (uint32_t i = 0; i < length && written < sizeof text; i++) {
        text[written++] = line[i];
    }
}

/* The next embedding of the script; the crop is spoilt, as a network spoils its input. */
static void recognise(uint8_t *spoilt, mf_match_result *result)
{
    spoilt[0] = (uint8_t)~spoilt[0];
    mf_match_s8(&gallery, script + scripted++ * gallery_config.dimensions, result);
}

/* A detector that looks at the upper left pixel. */
static bool first_pixel_is_set(const mf_frame *frame)
{
    return frame->pixels[0] != 0;
}

static void read_gallery(void)
{
    gallery_config.slots[0] = gallery_memory;
    gallery_config.slots[1] = gallery_memory;
    gallery_config.dimensions = (uint32_t)numbers[0];
    gallery_config.score = (mf_score)numbers[1];
    gallery_config.zero_point = numbers[2];
    gallery.config = &gallery_config;
    gallery.slot = 0;
}

/* Takes what Python left in `numbers`. */
int32_t fixture_start(int32_t threshold)
{
    const int32_t *n = numbers + 3;
    read_gallery();
    const mf_rectangle rectangle = {n[2], n[3], n[4], n[5]};
    config.gallery = &gallery;
    config.crop = crop;
    config.crop_width = n[0];
    config.crop_height = n[1];
    config.rectangle = rectangle;
    config.crops = n[6];
    config.crops_agree = n[7];
    config.frames = n[8];
    config.frames_agree = n[9];
    config.least_contrast = (uint32_t)n[10];
    config.face_present = n[11] == DETECTS ? first_pixel_is_set : (bool (*)(const mf_frame *))0;
    config.recognise = recognise;
    for (int32_t i = 0; i < MF_CROPS_MAX; i++) {
        const mf_offset offset = {n[12 + 2 * i], n[13 + 2 * i]};
        config.offsets[i] = offset;
    }
    written = scripted = 0;
    const int32_t status = mf_application_init(&application, &config);
    if (status == MF_APPLICATION_OK) {
        mf_application_set_threshold(&application, threshold);
    }
    return status;
}

static mf_frame whole(int32_t width, int32_t height, int32_t format)
{
    const mf_frame frame = {frame_memory, width * (format == MF_RGB888 ? 3 : 2), (mf_pixel_format)format,
                            {0, 0, width, height}};
    return frame;
}

/* One frame; the script begins anew. */
int32_t fixture_frame(int32_t width, int32_t height, int32_t format)
{
    const mf_frame frame = whole(width, height, format);
    scripted = 0;
    return mf_application_frame(&application, &frame);
}

/* The same by rows into memory that holds the crops only, here all with the offsets' bounds in the last numbers. */
int32_t fixture_rows(int32_t width, int32_t height, int32_t format)
{
    const int32_t *part = numbers + NUMBERS - 4;
    const mf_frame from = whole(width, height, format);
    const int32_t pitch = part[2] * (format == MF_RGB888 ? 3 : 2);
    const mf_frame frame = {window, pitch, (mf_pixel_format)format, {part[0], part[1], part[2], part[3]}};
    for (int32_t y = 0; y < height; y++) {
        mf_frame_put_row(&frame, y, frame_memory + y * from.pitch);
    }
    scripted = 0;
    return mf_application_frame(&application, &frame);
}

/* The rectangle of the numbers at the size of the numbers. */
int32_t fixture_crop(int32_t width, int32_t height, int32_t format)
{
    const int32_t *n = numbers + 3;
    const mf_frame frame = whole(width, height, format);
    const mf_rectangle rectangle = {n[2], n[3], n[4], n[5]};
    return mf_crop_u8(&frame, &rectangle, n[0], n[1], crop);
}

void fixture_threshold(int32_t threshold)
{
    mf_application_set_threshold(&application, threshold);
}

void fixture_forget(void)
{
    mf_application_forget(&application);
}

uint32_t fixture_contrast(uint32_t pixels)
{
    return mf_contrast_u8(crop, pixels);
}
