import theme from 'vitepress/theme-without-fonts';
// oxlint-disable-next-line import/no-unassigned-import -- styles have no name
import './style.css';

export default theme;
