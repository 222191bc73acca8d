/** Drawn here: a few strokes each, on a field of 24, so that no icon library has to be loaded. */
import type { ReactNode } from 'react'

function icon(children: ReactNode) {
  return function Icon({ size = 18 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.8}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {children}
      </svg>
    )
  }
}

export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="11" height="11" rx="2" />
    <path d="M5 15H4V5a1 1 0 0 1 1-1h10v1" />
  </>,
)
export const CheckIcon = icon(<path d="m5 13 4 4L19 7" />)
export const CrossIcon = icon(<path d="M6 6l12 12M18 6 6 18" />)
export const WarnIcon = icon(<path d="M12 4 2.500 20h19zM12 10v4M12 17v.1" />)
export const QuestionIcon = icon(
  <path d="M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.1" />,
)
export const EyeIcon = icon(
  <>
    <path d="M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12z" />
    <circle cx="12" cy="12" r="3" />
  </>,
)
export const EyeOffIcon = icon(
  <path d="M4 4l16 16M9.900 5.200C10.600 5.100 11.300 5 12 5c6 0 10 7 10 7a17 17 0 0 1-3 3.600M6.500 6.800A17 17 0 0 0 2 12s4 7 10 7c1.700 0 3.200-.5 4.500-1.200M9.900 9.900a3 3 0 0 0 4.200 4.200" />,
)
export const GearIcon = icon(
  <>
    <circle cx="12" cy="12" r="3" />
    <path d="M12 2.500v3M12 18.500v3M2.500 12h3M18.500 12h3M5.300 5.300l2.100 2.100M16.600 16.600l2.100 2.100M18.700 5.300l-2.100 2.100M7.400 16.600l-2.100 2.100" />
  </>,
)
export const GripIcon = icon(<path d="M9 6v.1M9 12v.1M9 18v.1M15 6v.1M15 12v.1M15 18v.1" strokeWidth={3} />)
export const UpIcon = icon(<path d="m6 14 6-6 6 6" />)
export const DownIcon = icon(<path d="m6 10 6 6 6-6" />)
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />)
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="6" />
    <path d="m20 20-4.500-4.500" />
  </>,
)
export const ChartIcon = icon(<path d="M4 20V10M10 20V4M16 20v-7M21 20H3" />)
export const MailIcon = icon(
  <>
    <rect x="3" y="5" width="18" height="14" rx="2" />
    <path d="m4 7 8 6 8-6" />
  </>,
)
export const QueueIcon = icon(<path d="M4 6h16M4 12h16M4 18h10" />)
export const AccountIcon = icon(
  <>
    <rect x="3" y="4" width="18" height="16" rx="2" />
    <circle cx="9" cy="11" r="2.500" />
    <path d="M5.500 17c.6-1.700 1.900-2.500 3.500-2.500s2.900.8 3.500 2.500M15 9h3M15 13h3" />
  </>,
)
export const LeadIcon = icon(<path d="M5 21V4h12l-2.500 4L17 12H5" />)
export const BlockIcon = icon(
  <>
    <circle cx="12" cy="12" r="8.500" />
    <path d="m6 6 12 12" />
  </>,
)
export const LabIcon = icon(
  <path d="M9 3h6M10 3v6l-6 10a1.500 1.500 0 0 0 1.300 2h13.400a1.500 1.500 0 0 0 1.300-2L14 9V3M7 15h10" />,
)
export const RocketIcon = icon(
  <path d="M5 15c-2 1-2 5-2 6 1 0 5 0 6-2M9 15l-3-3c2-6 6-9 14-9 0 8-3 12-9 14zM15 9v.1" />,
)
export const UsersIcon = icon(
  <>
    <circle cx="9" cy="8" r="3.500" />
    <path d="M2.500 20c.6-3.500 3-5.500 6.500-5.500s5.900 2 6.500 5.500M16 4.800a3.500 3.500 0 0 1 0 6.400M18 15c2 .7 3 2.500 3.500 5" />
  </>,
)
export const ListIcon = icon(<path d="M8 6h13M8 12h13M8 18h13M3.500 6v.1M3.500 12v.1M3.500 18v.1" />)
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v1M12 20v1M3 12h1M20 12h1M5.600 5.600l.7.7M17.700 17.700l.7.7M18.400 5.600l-.7.7M6.300 17.700l-.7.7" />
  </>,
)
export const PersonIcon = icon(
  <>
    <circle cx="12" cy="8" r="4" />
    <path d="M4.500 20.500c.8-4 3.500-6 7.500-6s6.700 2 7.500 6" />
  </>,
)
export const TrendIcon = icon(<path d="M3 17l6-6 4 4 8-8m-6 0h6v6" />)
export const DownloadIcon = icon(<path d="M12 4v11m-4-4 4 4 4-4M4 20h16" />)
export const TemplateIcon = icon(
  <>
    <rect x="4" y="3" width="16" height="18" rx="2" />
    <path d="M4 8h16M8 12h8M8 16h5" />
  </>,
)
const star = 'm12 4 2.500 5.200 5.700.8-4.100 4 1 5.700-5.100-2.700-5.100 2.700 1-5.700-4.100-4 5.700-.8z'
export const StarIcon = icon(<path d={star} />)
export const FullStarIcon = icon(<path d={star} fill="currentColor" />)
export const DotsIcon = icon(<path d="M5 12v.1M12 12v.1M19 12v.1" strokeWidth={3} />)
export const CampaignIcon = icon(
  <path d="M4 10v4a1 1 0 0 0 1 1h3l9 4.500V4.500L8 9H5a1 1 0 0 0-1 1zM8 15l1.500 5H12M20 10v4" />,
)
